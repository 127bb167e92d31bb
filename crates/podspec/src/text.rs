//! How checked texts are made: one macro for their types, and the character rules of Kubernetes names.

/// Declares a text that is checked once, when it is parsed.
macro_rules! text {
    ($(#[$meta:meta])* $name:ident, $kind:literal, $check:expr, $expected:literal) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::InvalidValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> bool = $check;
                if check(text) { Ok(Self(text.to_owned())) } else { Err(crate::InvalidValue::new($kind, text, $expected)) }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use text;

/// The longest name of a Pod's host, of a DNS label and of a label value, in bytes (RFC 1123).
pub(crate) const LABEL_LEN_MAX: usize = 63;

/// The longest name of most Kubernetes objects, in bytes (RFC 1123).
const SUBDOMAIN_LEN_MAX: usize = 253;

/// Whether `text` is a DNS-1123 label: `a-z`, `0-9` and `-`, a letter or digit at both ends, at most 63 bytes.
pub(crate) fn is_dns_label(text: &str) -> bool {
    text.len() <= LABEL_LEN_MAX
        && has_alphanumeric_ends(text)
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// Whether `text` is a DNS-1123 subdomain: DNS labels joined by dots, at most 253 bytes.
pub(crate) fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= SUBDOMAIN_LEN_MAX && text.split('.').all(is_dns_label)
}

/// Whether `text` may be the value of a Kubernetes label: empty, or letters, digits, `-`, `_` and `.` with a letter or
/// digit at both ends, at most 63 bytes.
pub(crate) fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_qualified_part(text)
}

/// Whether `text` may be the key of a label, an annotation or a taint: `name` or `dns.prefix/name`.
pub(crate) fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_dns_subdomain(prefix) && is_qualified_part(name),
        None => is_qualified_part(text),
    }
}

fn is_qualified_part(text: &str) -> bool {
    text.len() <= LABEL_LEN_MAX
        && has_alphanumeric_ends(text)
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn has_alphanumeric_ends(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric) && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
}
