//! Records of function versions, as the control plane keeps them: all that a Pod depends on, and what is only shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    PinnedImage,
    code::found::Stored,
    shapes::{
        CapacityProviderConfig, DeadLetterConfig, DurableConfig, FileSystemConfig, LoggingConfig, SnapStart,
        TenancyConfig, TracingConfig, VpcConfig,
    },
};

/// One version of a function, immutable: a change makes a new record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FunctionRecord {
    /// The 12-digit account.
    pub account: String,
    /// The region, such as `us-east-1`.
    pub region: String,
    /// The name alone, 1 to 64 characters of `[a-zA-Z0-9-_]`.
    pub name: String,
    /// `$LATEST`, `$LATEST.PUBLISHED` or a number from 1.
    pub version: String,
    /// A UUID that no other record has: every change of a version gives it a new one.
    pub revision_id: String,
    /// The time when the record was made, in milliseconds since the Unix epoch.
    pub last_modified_ms: u64,
    /// The code or image that runs.
    pub package: Package,
    /// The processor architecture.
    pub architecture: Architecture,
    /// Memory in MiB (AWS: "MB"), 128 to 10,240.
    pub memory_mib: u32,
    /// Size of `/tmp` in MiB, 512 to 10,240.
    pub ephemeral_storage_mib: u32,
    /// The longest time that an invocation may take in seconds, 1 to 1,800; to 5,400 on a capacity provider.
    pub timeout_s: u32,
    /// The user's variables; no reserved key is among them.
    pub environment: BTreeMap<String, String>,
    /// The layers in attach order, at most 5.
    pub layers: Vec<LayerUse>,
    /// The tags of the function, the same for every version.
    pub tags: BTreeMap<String, String>,
    /// The execution role's ARN.
    pub role: String,
    /// The description, at most 256 characters.
    pub description: String,
    /// Settings that are kept and shown, and change no Pod.
    pub(crate) shown: Shown,
}

/// The thing that runs: code for a managed runtime, or an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Package {
    /// `PackageType=Zip`
    Zip {
        /// One of [`crate::SUPPORTED_RUNTIMES`].
        runtime: String,
        /// The entry point in the runtime's own notation, at most 128 characters without a space.
        handler: String,
        /// The deployment package.
        code: Stored,
    },
    /// `PackageType=Image`
    Image {
        /// The image as the user named it.
        uri: String,
        /// The settings of the image that are overridden.
        config: ImageConfig,
        /// The image that this is.
        #[serde(default, alias = "pushed")]
        content: ImageContent,
    },
}

/// The image that a function runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ImageContent {
    /// The one that its registry had when the code was named.
    Pinned(PinnedImage),
    /// The one that its registry has when a Pod starts. The text is a UUID that changes each time the code is named,
    /// even by the same URI, since a tag may mean another image now.
    Pushed(String),
}

/// A layer version as a function uses it; it keeps working when the layer version is deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerUse {
    /// The layer version's ARN.
    pub arn: String,
    /// Its archive; none where the layer is another account's and is left out.
    pub code: Option<Stored>,
}

/// ImageConfig: `None` leaves what the image says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageConfig {
    /// Replaces the image's entry point.
    pub entry_point: Option<Vec<String>>,
    /// Replaces the image's command.
    pub command: Option<Vec<String>>,
    /// Replaces the image's working directory.
    pub working_directory: Option<String>,
}

/// A processor architecture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Architecture {
    /// `x86_64`
    #[default]
    #[serde(rename = "x86_64")]
    X86_64,
    /// `arm64`
    #[serde(rename = "arm64")]
    Arm64,
}

/// Settings that are kept and shown, and change no Pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Shown {
    pub(crate) vpc_config: Option<VpcConfig>,
    pub(crate) dead_letter_config: Option<DeadLetterConfig>,
    pub(crate) kms_key_arn: Option<String>,
    pub(crate) tracing_config: Option<TracingConfig>,
    pub(crate) file_system_configs: Option<Vec<FileSystemConfig>>,
    pub(crate) snap_start: Option<SnapStart>,
    pub(crate) logging_config: Option<LoggingConfig>,
    pub(crate) source_kms_key_arn: Option<String>,
    pub(crate) capacity_provider_config: Option<CapacityProviderConfig>,
    pub(crate) durable_config: Option<DurableConfig>,
    /// The tenancy of the environments that the function runs in. It decides which Pods are shared, not what they are.
    pub(crate) tenancy_config: Option<TenancyConfig>,
    /// The object that the code is a reference to, of which a copy is kept all the same.
    pub(crate) referenced: Option<ReferencedObject>,
    /// True if the environment is shown even when it has no variable, because a request gave it.
    pub(crate) environment_given: bool,
}

/// An object in S3 that AWS would read the code from anew, with `S3ObjectStorageMode=REFERENCE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReferencedObject {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) version: Option<String>,
}

// === impl FunctionRecord ===

impl FunctionRecord {
    /// Tells whether two versions differ in nothing but number, revision and date.
    pub(crate) fn runs_like(&self, other: &Self) -> bool {
        let aligned = Self {
            version: other.version.clone(),
            revision_id: other.revision_id.clone(),
            last_modified_ms: other.last_modified_ms,
            ..self.clone()
        };
        aligned == *other
    }

    /// The ARN without a qualifier.
    pub fn unqualified_arn(&self) -> String {
        crate::arn::function(&self.account, &self.region, &self.name)
    }

    /// The ARN as this version shows it: unqualified for `$LATEST`.
    pub fn arn(&self) -> String {
        match self.version.as_str() {
            crate::arn::LATEST => self.unqualified_arn(),
            number => format!("{}:{number}", self.unqualified_arn()),
        }
    }

    /// The deployment package, which image functions do not have.
    pub fn code(&self) -> Option<&Stored> {
        match &self.package {
            Package::Zip { code, .. } => Some(code),
            Package::Image { .. } => None,
        }
    }

    /// The digest that AWS shows as CodeSha256: of the zip in base64, of an image in hex. An image that is named by a
    /// tag, and was not looked up, has a digest that only its registry knows.
    pub(crate) fn code_sha256(&self) -> Option<&str> {
        let digest = match &self.package {
            Package::Zip { code, .. } => return Some(&code.sha256_base64),
            Package::Image { content: ImageContent::Pinned(image), .. } => &image.digest,
            Package::Image { uri, content: ImageContent::Pushed(_), .. } => uri.split_once('@')?.1,
        };
        digest.split_once(':').map(|(_algorithm, hex)| hex)
    }

    /// Tells two uses of one image URI apart, whose tag may have been pushed anew between them; whatever has a digest
    /// needs no telling apart.
    pub fn pushed(&self) -> Option<&str> {
        match &self.package {
            Package::Image { content: ImageContent::Pushed(pushed), .. } => Some(pushed),
            Package::Image { content: ImageContent::Pinned(_), .. } | Package::Zip { .. } => None,
        }
    }
}

// === impl ImageContent ===

/// Records that are older than the UUID have an empty one.
impl Default for ImageContent {
    fn default() -> Self {
        Self::Pushed(String::new())
    }
}

// === impl Architecture ===

impl Architecture {
    /// Both, in the order in which AWS names them.
    pub(crate) const ALL: [Self; 2] = [Self::X86_64, Self::Arm64];

    /// AWS's name: `x86_64` or `arm64`.
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    /// The name in the configuration of container images.
    pub(crate) fn oci_name(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}
