//! What runs: a Lambda function's configuration as values that are right by construction.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::text::text;
use crate::{Environment, ImageRef, InvalidValue, Nodes, Runtime, Scheduling};

/// The node label of the processor's architecture, in Go's names.
pub const NODE_ARCHITECTURE: &str = "kubernetes.io/arch";
/// The node label of the operating system.
pub const NODE_OS: &str = "kubernetes.io/os";

/// One version of a Lambda function: everything its Pods depend on.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The name without account, region or version.
    pub name: FunctionName,
    /// The ARN of the function without a qualifier, as the API shows it; kept as an annotation.
    pub arn: String,
    /// The published version, or `$LATEST`.
    pub version: Version,
    /// The region the function believes to run in.
    pub region: Region,
    /// The account that owns the function; SDK calls from inside are signed for it.
    pub account: AccountId,
    /// The code, and how it starts.
    pub package: Package,
    /// The digests of the layers in attach order, in any notation; empty when there is none.
    pub layers: Vec<String>,
    /// The processor architecture, which selects the node.
    pub architecture: Architecture,
    /// The memory of the function, in MiB.
    pub memory: MemoryMib,
    /// The size of `/tmp`, in MiB.
    pub ephemeral_storage: EphemeralStorageMib,
    /// The longest time an invocation may take, in seconds.
    pub timeout: TimeoutSecs,
    /// The user's environment variables.
    pub environment: Environment,
    /// What the function's tags ask of the scheduler, beside the operator's settings, which win.
    pub scheduling: Scheduling,
}

/// The code of a function, by its `PackageType`.
#[derive(Clone, Debug, PartialEq)]
pub enum Package {
    /// A zip archive that runs on one of AWS's images.
    Zip {
        /// The managed runtime, which selects the image.
        runtime: Runtime,
        /// The entry point inside the code, such as `app.handler`.
        handler: Handler,
        /// The SHA-256 of the archive, in any notation; kept as an annotation.
        code_sha256: String,
    },
    /// A container image that brings everything itself.
    Image {
        /// The image, as the API was given it.
        uri: ImageRef,
        /// What to run in it instead of its own defaults.
        config: ImageConfig,
    },
}

/// The `ImageConfig` of a function; whatever is absent or empty is the image's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// Replaces the image's entry point.
    pub entry_point: Vec<String>,
    /// Replaces the image's arguments.
    pub command: Vec<String>,
    /// Replaces the image's working directory.
    pub working_directory: Option<String>,
}

text!(
    /// A function's name: 1 to 64 letters, digits, `-` and `_`
    /// (<https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>).
    FunctionName,
    "function name",
    |text| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'),
    "expected 1 to 64 letters, digits, `-` and `_`"
);

text!(
    /// A handler: 1 to 128 characters without white space
    /// (<https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>).
    Handler,
    "handler",
    |text| (1..=128).contains(&text.chars().count()) && !text.contains(|c: char| c.is_whitespace() || c.is_control()),
    "expected 1 to 128 characters without white space"
);

text!(
    /// The name of an AWS region, such as `eu-west-1`.
    Region,
    "region",
    |text| (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
    "expected a region such as `us-east-1`"
);

text!(
    /// An AWS account: twelve digits.
    AccountId,
    "account",
    |text| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()),
    "expected 12 digits"
);

/// Which version of a function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// The unpublished version, `$LATEST`.
    Latest,
    /// The version that is published anew under the same name, `$LATEST.PUBLISHED`.
    LatestPublished,
    /// A published version, counted from 1.
    Published(u64),
}

/// The processor architecture of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Architecture {
    /// 64-bit x86, Lambda's default.
    #[default]
    X86_64,
    /// 64-bit ARM.
    Arm64,
}

/// Declares a whole number that is checked once, when it is made.
macro_rules! number {
    ($(#[$meta:meta])* $name:ident, $kind:literal, $min:literal..=$max:literal, $default:literal, $expected:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The least value that is accepted.
            pub const MIN: Self = Self($min);
            /// The greatest value that is accepted.
            pub const MAX: Self = Self($max);

            /// Checks the range.
            ///
            /// # Errors
            /// The value is outside [`Self::MIN`] and [`Self::MAX`].
            pub fn new(value: u32) -> Result<Self, InvalidValue> {
                if ($min..=$max).contains(&value) { Ok(Self(value)) } else { Err(InvalidValue::new($kind, value, $expected)) }
            }

            /// The number itself, in the unit of the type's name.
            pub fn get(self) -> u32 {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self($default)
            }
        }
    };
}

number!(
    /// `MemorySize`: 128 to 32,768 MiB, 128 by default. That is the range of the API's service model; the quota of an
    /// ordinary function, 10,240, is the API's business to enforce.
    MemoryMib, "memory size", 128..=32_768, 128, "expected 128 to 32768 MiB"
);

number!(
    /// `EphemeralStorage.Size`: 512 to 32,768 MiB, 512 by default. That is the range of the API's service model; the
    /// quota of an ordinary function, 10,240, is the API's business to enforce.
    EphemeralStorageMib, "ephemeral storage", 512..=32_768, 512, "expected 512 to 32768 MiB"
);

number!(
    /// `Timeout`: 1 to 5,400 seconds, 3 by default. That is the range of the API's service model; the quota of an
    /// ordinary function, 1,800, is the API's business to enforce.
    TimeoutSecs, "timeout", 1..=5400, 3, "expected 1 to 5400 seconds"
);

// === impl Function ===

impl Function {
    /// A function with Lambda's defaults for everything else: `$LATEST`, 128 MiB, 512 MiB of `/tmp`, 3 seconds, x86_64.
    pub fn new(name: FunctionName, region: Region, account: AccountId, package: Package) -> Self {
        Self {
            arn: format!("arn:aws:lambda:{region}:{account}:function:{name}"),
            name,
            version: Version::Latest,
            region,
            account,
            package,
            layers: Vec::new(),
            architecture: Architecture::default(),
            memory: MemoryMib::default(),
            ephemeral_storage: EphemeralStorageMib::default(),
            timeout: TimeoutSecs::default(),
            environment: Environment::default(),
            scheduling: Scheduling::default(),
        }
    }
}

// === impl Version ===

impl FromStr for Version {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "$LATEST" => return Ok(Self::Latest),
            "$LATEST.PUBLISHED" => return Ok(Self::LatestPublished),
            _ => {}
        }
        match text.parse::<u64>() {
            Ok(number) if number > 0 && number.to_string() == text => Ok(Self::Published(number)),
            _ => Err(InvalidValue::new("version", text, "expected `$LATEST`, `$LATEST.PUBLISHED` or a number from 1")),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("$LATEST"),
            Self::LatestPublished => f.write_str("$LATEST.PUBLISHED"),
            Self::Published(number) => write!(f, "{number}"),
        }
    }
}

// === impl Architecture ===

impl Architecture {
    /// The value of the node label `kubernetes.io/arch`, which is Go's name of the architecture.
    pub(crate) fn node_label(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// The labels of the nodes that a function may run on, which kubelets set
    /// (<https://kubernetes.io/docs/reference/labels-annotations-taints/>).
    pub(crate) fn node_selector(self, nodes: Nodes) -> BTreeMap<String, String> {
        let architecture = match nodes {
            Nodes::OfArchitecture => Some((NODE_ARCHITECTURE, self.node_label())),
            Nodes::OfAny => None,
        };
        let labels = [(NODE_OS, "linux")].into_iter().chain(architecture);
        labels.map(|(label, value)| (label.to_owned(), value.to_owned())).collect()
    }
}

impl FromStr for Architecture {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "x86_64" => Ok(Self::X86_64),
            "arm64" => Ok(Self::Arm64),
            _ => Err(InvalidValue::new("architecture", text, "expected `x86_64` or `arm64`")),
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        })
    }
}
