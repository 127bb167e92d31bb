//! Account and region: whose repository it is.

use std::fmt;

/// The account and region that a repository lies in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    account: String,
    region: String,
}

/// Where repositories lie whose account and region nobody names.
const DEFAULT_ACCOUNT: &str = "000000000000";
const DEFAULT_REGION: &str = "us-east-1";

impl Scope {
    /// Takes an account of 12 digits and a region of at most 32 lower-case letters, digits and hyphens.
    pub fn new(account: &str, region: &str) -> Option<Self> {
        let valid = is_account(account) && is_region(region);
        valid.then(|| Self { account: account.to_owned(), region: region.to_owned() })
    }

    /// The scope that a host name of ECR says: `ACCOUNT.dkr.ecr.REGION.amazonaws.com` under whatever domain, `ecr-fips` as
    /// well, and `ACCOUNT.dkr-ecr.REGION.on.aws`. A port behind it does no harm.
    pub fn of_host(host: &str) -> Option<Self> {
        let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let labels: Vec<&str> = host.split('.').collect();
        match labels.as_slice() {
            [account, "dkr", "ecr" | "ecr-fips", region, ..] => Self::new(account, region),
            [account, "dkr-ecr" | "dkr-ecr-fips", region, "on", "aws"] => Self::new(account, region),
            _ => None,
        }
    }

    /// The 12-digit account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The region, such as `us-east-1`.
    pub fn region(&self) -> &str {
        &self.region
    }
}

impl Default for Scope {
    /// Account 000000000000 in us-east-1.
    fn default() -> Self {
        Self { account: DEFAULT_ACCOUNT.to_owned(), region: DEFAULT_REGION.to_owned() }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_ecr_name_the_scope_and_others_do_not() {
        let cases = [
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", Some("123456789012/eu-west-1")),
            ("123456789012.dkr.ecr.eu-west-1.localhost:4566", Some("123456789012/eu-west-1")),
            ("123456789012.DKR.ECR.eu-west-1.amazonaws.com.cn", Some("123456789012/eu-west-1")),
            ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", Some("123456789012/us-gov-west-1")),
            ("123456789012.dkr-ecr.eu-west-1.on.aws", Some("123456789012/eu-west-1")),
            ("12345678901.dkr.ecr.eu-west-1.amazonaws.com", None),
            ("dkr.ecr.eu-west-1.amazonaws.com", None),
            ("localhost:4566", None),
            ("", None),
        ];
        for (host, expected) in cases {
            assert_eq!(Scope::of_host(host).map(|scope| scope.to_string()).as_deref(), expected, "{host}");
        }
    }
}
