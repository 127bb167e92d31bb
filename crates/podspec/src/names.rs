//! Names, labels and annotations: how Pods are told apart, found again and traced back to their functions.

use std::collections::BTreeMap;
use std::fmt;

use crate::text::{LABEL_LEN_MAX, is_label_value};
use crate::{Cluster, Function, FunctionName, InstanceLabel, Launch, Package};

/// The label that every Pod of every fakecloud instance carries, with the value [`MANAGED_BY`].
pub const LABEL_MANAGED_BY: &str = "fakecloud-managed-by";
/// The value of [`LABEL_MANAGED_BY`].
pub const MANAGED_BY: &str = "fakecloud";
/// The label that names the fakecloud process which created the Pod, an [`InstanceLabel`].
pub const LABEL_INSTANCE: &str = "fakecloud-instance";
/// The label that names the function, a [`function_label`].
pub const LABEL_LAMBDA: &str = "fakecloud-lambda";
/// The label that tells Pods of different code or configuration apart, a [`DeployId`](crate::DeployId).
pub const LABEL_DEPLOY_ID: &str = "fakecloud-deploy-id";

/// The annotation with the function's whole name, which a label may have to shorten.
pub const ANNOTATION_FUNCTION_NAME: &str = "fakecloud-function-name";
/// The annotation with the function's ARN.
pub const ANNOTATION_FUNCTION_ARN: &str = "fakecloud-function-arn";
/// The annotation with the function's version.
pub const ANNOTATION_FUNCTION_VERSION: &str = "fakecloud-function-version";
/// The annotation with the digest of the function's code; image functions have none.
pub const ANNOTATION_CODE_SHA256: &str = "fakecloud-code-sha256";
/// The annotation with the digests of the layers in attach order, separated by commas; absent without layers.
pub const ANNOTATION_LAYERS: &str = "fakecloud-layers";
/// The annotation with the URL under which the instance that created the Pod answers.
pub const ANNOTATION_SELF_URL: &str = "fakecloud-self-url";

/// What every label and annotation of fakecloud's own begins with; operators' own keys must not.
pub(crate) const OWN_KEY_PREFIX: &str = "fakecloud-";

/// The label selector for the Pods of every fakecloud instance.
pub const SELECTOR: &str = "fakecloud-managed-by=fakecloud";

const POD_NAME_PREFIX: &str = "fakecloud-lambda-";
/// `u64` in hexadecimal digits.
const UNIQUE_LEN: usize = 16;
const FUNCTION_PART_LEN_MAX: usize = LABEL_LEN_MAX - POD_NAME_PREFIX.len() - "-".len() - UNIQUE_LEN;
/// `u32` in hexadecimal digits.
const HASH_LEN: usize = 8;

/// The label selector for the Pods of one fakecloud instance.
pub fn instance_selector(instance: &InstanceLabel) -> String {
    format!("{SELECTOR},{LABEL_INSTANCE}={instance}")
}

/// The name of a Pod, `fakecloud-lambda-<function>-<unique>`: a DNS-1123 label of at most 63 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodName(String);

/// The value of [`LABEL_LAMBDA`] for a function: its name where that is a label value, which most names are.
///
/// Other names (64 characters, or `-` or `_` at an end) are cut to size and end in `.` and a hash of the whole name. A
/// function's name has no dot, so no two functions share a label unless their hashes collide too.
///
/// ```
/// use fakecloud_podspec::function_label;
/// assert_eq!(function_label(&"My_Function".parse()?), "My_Function");
/// assert_eq!(function_label(&"tidy_".parse()?), "tidy.7bc780de");
/// # Ok::<(), fakecloud_podspec::InvalidValue>(())
/// ```
pub fn function_label(function: &FunctionName) -> String {
    let name = function.as_str();
    if is_label_value(name) {
        return name.to_owned();
    }
    shorten(name, LABEL_LEN_MAX, '.')
}

pub(crate) fn labels(
    function: &Function,
    launch: &Launch,
    extra: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let own = [
        (LABEL_MANAGED_BY, MANAGED_BY.to_owned()),
        (LABEL_INSTANCE, launch.instance.to_string()),
        (LABEL_LAMBDA, function_label(&function.name)),
        (LABEL_DEPLOY_ID, launch.deploy_id.to_string()),
    ];
    with_own(extra, own)
}

pub(crate) fn annotations(
    function: &Function,
    cluster: &Cluster,
    extra: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let own = [
        (ANNOTATION_FUNCTION_NAME, function.name.to_string()),
        (ANNOTATION_FUNCTION_ARN, function.arn.clone()),
        (ANNOTATION_FUNCTION_VERSION, function.version.to_string()),
        (ANNOTATION_SELF_URL, cluster.self_url.to_string()),
    ];
    let code = match &function.package {
        Package::Zip { code_sha256, .. } => Some((ANNOTATION_CODE_SHA256, code_sha256.clone())),
        Package::Image { .. } => None,
    };
    let layers = (!function.layers.is_empty()).then(|| (ANNOTATION_LAYERS, function.layers.join(",")));
    with_own(extra, own.into_iter().chain(code).chain(layers))
}

// === impl PodName ===

impl PodName {
    /// The name of a Pod of `function`.
    ///
    /// `unique` is what makes the name unique, so the caller never gives the same number twice, best not even after a
    /// restart. The function's name is there for readers: in lower case, with `-` for `_`, cut to size, and with a hash
    /// of the whole name whenever it had to be changed.
    pub fn new(function: &FunctionName, unique: u64) -> Self {
        let dashed = function.as_str().to_ascii_lowercase().replace('_', "-");
        let fits = dashed == function.as_str()
            && dashed.len() <= FUNCTION_PART_LEN_MAX
            && !dashed.starts_with('-')
            && !dashed.ends_with('-');
        let part = if fits { dashed } else { shorten_hashing(&dashed, function.as_str(), FUNCTION_PART_LEN_MAX, '-') };
        Self(format!("{POD_NAME_PREFIX}{part}-{unique:016x}"))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Adds fakecloud's own pairs, which win over any other.
fn with_own(
    extra: BTreeMap<String, String>,
    own: impl IntoIterator<Item = (&'static str, String)>,
) -> BTreeMap<String, String> {
    let mut all = extra;
    all.extend(own.into_iter().map(|(key, value)| (key.to_owned(), value)));
    all
}

fn shorten(name: &str, len_max: usize, separator: char) -> String {
    shorten_hashing(name, name, len_max, separator)
}

/// Cuts `text` so that it fits together with a hash of `original`, without `-` or `_` at either end.
fn shorten_hashing(text: &str, original: &str, len_max: usize, separator: char) -> String {
    let hash = fnv1a(original);
    let trimmed = text.trim_start_matches(['-', '_']);
    let room = len_max - HASH_LEN - separator.len_utf8();
    let kept: String = trimmed.chars().take(room).collect();
    let kept = kept.trim_end_matches(['-', '_']);
    if kept.is_empty() { format!("{hash:08x}") } else { format!("{kept}{separator}{hash:08x}") }
}

/// FNV-1a, 32 bit (<http://www.isthe.com/chongo/tech/comp/fnv/>): four lines, where a SHA-256 would be this crate's only
/// need for a cryptography crate. It only has to tell the names of one cluster's functions apart.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> FunctionName {
        text.parse().unwrap()
    }

    #[test]
    fn hash_is_the_published_fnv1a() {
        // Vectors from the FNV reference code's test suite.
        assert_eq!(fnv1a(""), 0x811c_9dc5);
        assert_eq!(fnv1a("a"), 0xe40c_292c);
        assert_eq!(fnv1a("foobar"), 0xbf9c_f968);
    }

    #[test]
    fn plain_name_is_kept_in_name_and_label() {
        assert_eq!(PodName::new(&name("hello"), 1).as_str(), "fakecloud-lambda-hello-0000000000000001");
        assert_eq!(function_label(&name("hello")), "hello");
    }

    #[test]
    fn longest_part_that_fits_is_kept() {
        let fits = "a".repeat(FUNCTION_PART_LEN_MAX);
        assert_eq!(PodName::new(&name(&fits), 0).as_str().len(), LABEL_LEN_MAX);
        assert!(PodName::new(&name(&fits), 0).as_str().contains(&fits));
        let longer = PodName::new(&name(&format!("{fits}a")), u64::MAX);
        assert_eq!(longer.as_str(), "fakecloud-lambda-aaaaaaaaaaaaaaaaaaaa-f262b5c3-ffffffffffffffff");
    }

    #[test]
    fn names_that_differ_in_case_or_underscore_stay_apart() {
        let names = ["my-fn", "My-fn", "my_fn", "MY-FN"].map(|text| PodName::new(&name(text), 7));
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }

    #[test]
    fn name_of_dashes_alone_is_its_hash() {
        assert_eq!(PodName::new(&name("__"), 0).as_str(), "fakecloud-lambda-720ba823-0000000000000000");
        assert_eq!(function_label(&name("__")), "720ba823");
    }

    #[test]
    fn label_of_64_characters_is_cut_and_hashed() {
        let label = function_label(&name(&"x".repeat(64)));
        assert_eq!(label.len(), LABEL_LEN_MAX);
        assert!(label.starts_with(&"x".repeat(54)) && label.as_bytes()[54] == b'.', "{label}");
    }

    #[test]
    fn selectors_name_the_labels() {
        assert_eq!(SELECTOR, format!("{LABEL_MANAGED_BY}={MANAGED_BY}"));
        let instance = InstanceLabel::new(1, 0xab);
        assert_eq!(
            instance_selector(&instance),
            "fakecloud-managed-by=fakecloud,fakecloud-instance=1-00000000000000ab"
        );
    }
}
