//! The managed runtimes, and which of AWS's images each one runs on.

use std::fmt;
use std::str::FromStr;

use crate::InvalidValue;

/// Declares the runtimes as rows of `Variant = "identifier", "image"`.
macro_rules! runtimes {
    ($($variant:ident = $id:literal, $image:literal;)*) => {
        /// A managed runtime of Lambda that is not retired
        /// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html>).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Runtime {
            $(#[doc = concat!("`", $id, "`")] $variant,)*
        }

        impl Runtime {
            /// Every runtime, grouped by language.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The identifier in the API, such as `python3.12`.
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)*
                }
            }

            /// Name and tag in AWS's repository <https://gallery.ecr.aws/lambda>, such as `python:3.12`.
            pub(crate) fn image(self) -> &'static str {
                match self {
                    $(Self::$variant => $image,)*
                }
            }
        }
    };
}

runtimes! {
    Python3_9 = "python3.9", "python:3.9";
    Python3_10 = "python3.10", "python:3.10";
    Python3_11 = "python3.11", "python:3.11";
    Python3_12 = "python3.12", "python:3.12";
    Python3_13 = "python3.13", "python:3.13";
    Python3_14 = "python3.14", "python:3.14";
    Python3_15 = "python3.15", "python:3.15";
    Nodejs18 = "nodejs18.x", "nodejs:18";
    Nodejs20 = "nodejs20.x", "nodejs:20";
    Nodejs22 = "nodejs22.x", "nodejs:22";
    Nodejs24 = "nodejs24.x", "nodejs:24";
    Nodejs26 = "nodejs26.x", "nodejs:26";
    Java8Al2 = "java8.al2", "java:8.al2";
    Java8Al2023 = "java8.al2023", "java:8.al2023";
    Java11 = "java11", "java:11";
    Java11Al2023 = "java11.al2023", "java:11.al2023";
    Java17 = "java17", "java:17";
    Java17Al2023 = "java17.al2023", "java:17.al2023";
    Java21 = "java21", "java:21";
    Java25 = "java25", "java:25";
    Dotnet6 = "dotnet6", "dotnet:6";
    Dotnet8 = "dotnet8", "dotnet:8";
    Dotnet10 = "dotnet10", "dotnet:10";
    Ruby3_2 = "ruby3.2", "ruby:3.2";
    Ruby3_3 = "ruby3.3", "ruby:3.3";
    Ruby3_4 = "ruby3.4", "ruby:3.4";
    Ruby4_0 = "ruby4.0", "ruby:4.0";
    ProvidedAl2 = "provided.al2", "provided:al2";
    ProvidedAl2023 = "provided.al2023", "provided:al2023";
}

impl Runtime {
    /// Whether the function brings its own runtime, as an executable named `bootstrap`.
    pub fn is_os_only(self) -> bool {
        matches!(self, Self::ProvidedAl2 | Self::ProvidedAl2023)
    }

    /// How the identifier is written in the name of an environment variable, such as `PYTHON3_12`: upper case, with
    /// `_` for each dot.
    pub fn variable_suffix(self) -> String {
        self.id().to_ascii_uppercase().replace('.', "_")
    }
}

impl FromStr for Runtime {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Self::ALL.iter().copied().find(|runtime| runtime.id() == text).ok_or_else(|| {
            let ids: Vec<&str> = Self::ALL.iter().map(|runtime| runtime.id()).collect();
            InvalidValue::new("runtime", text, format!("expected one of {}", ids.join(", ")))
        })
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
