//! Certificates in texts of PEM, as they are written there.

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The last certificate of a text, and nothing else that may stand in it, such as a private key.
pub(super) fn last_certificate(text: &str) -> Option<&str> {
    let from = &text[text.rfind(BEGIN)?..];
    let end = from.find(END)? + END.len();
    Some(&from[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_of_several_is_found_alone() {
        let text = "\n-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nB\n\
                    -----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nC\n-----END PRIVATE KEY-----\n";
        assert_eq!(last_certificate(text), Some("-----BEGIN CERTIFICATE-----\nB\n-----END CERTIFICATE-----"));
        assert_eq!(last_certificate("-----BEGIN PRIVATE KEY-----\nC\n-----END PRIVATE KEY-----\n"), None);
        assert_eq!(last_certificate("-----BEGIN CERTIFICATE-----\nA"), None);
    }
}
