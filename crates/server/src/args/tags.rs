//! The settings of what functions may ask of the cluster for themselves, by their tags.

use fakecloud_podspec::{HeededTags, KeyPrefixes, TagRules};

/// Which tags `fakecloud-k8s/…` of functions count. What the operator sets wins over every tag.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Tags of functions")]
pub(crate) struct TagArgs {
    /// Tags of functions that count: off, all (with any key), or some of node-selector, tolerations, labels, annotations, priority-class and runtime-class, separated by commas [default: the first four]
    #[arg(long = "k8s-tags", env = "FAKECLOUD_K8S_TAGS", value_name = "FAKECLOUD_K8S_TAGS")]
    pub(crate) heeded_tags: Option<HeededTags>,

    /// Keys of taints that functions may tolerate, separated by commas; * is any [default: none]
    #[arg(
        long = "k8s-tag-tolerations",
        env = "FAKECLOUD_K8S_TAG_TOLERATIONS",
        value_name = "FAKECLOUD_K8S_TAG_TOLERATIONS"
    )]
    pub(crate) tag_tolerations: Option<KeyPrefixes>,

    /// Beginnings of the keys of labels that functions may give their Pods, such as `team.example.com/`, separated by commas; * is any [default: none]
    #[arg(long = "k8s-tag-labels", env = "FAKECLOUD_K8S_TAG_LABELS", value_name = "FAKECLOUD_K8S_TAG_LABELS")]
    pub(crate) tag_labels: Option<KeyPrefixes>,

    /// Beginnings of the keys of annotations that functions may give their Pods, separated by commas; * is any [default: none]
    #[arg(
        long = "k8s-tag-annotations",
        env = "FAKECLOUD_K8S_TAG_ANNOTATIONS",
        value_name = "FAKECLOUD_K8S_TAG_ANNOTATIONS"
    )]
    pub(crate) tag_annotations: Option<KeyPrefixes>,
}

impl TagArgs {
    /// The rules that the settings make.
    pub(crate) fn rules(&self) -> TagRules {
        let Self { heeded_tags, tag_tolerations, tag_labels, tag_annotations } = self;
        TagRules {
            heeded: heeded_tags.clone().unwrap_or_default(),
            toleration_keys: tag_tolerations.clone().unwrap_or_default(),
            label_prefixes: tag_labels.clone().unwrap_or_default(),
            annotation_prefixes: tag_annotations.clone().unwrap_or_default(),
        }
    }
}
