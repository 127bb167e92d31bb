//! Whose calls they are.

use std::fmt;

use crate::args::AwsArgs;

/// What calls are signed with.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(super) access_key_id: String,
    pub(super) secret_access_key: String,
    pub(super) session_token: Option<String>,
}

impl Credentials {
    /// The credentials of the environment, when there are an access key and a secret; an empty variable is none.
    pub(crate) fn from_args(args: &AwsArgs) -> Option<Self> {
        let given = |hidden: &Option<crate::args::Hidden>| {
            hidden.as_ref().map(|hidden| hidden.0.clone()).filter(|text| !text.is_empty())
        };
        Some(Self {
            access_key_id: given(&args.aws_access_key_id)?,
            secret_access_key: given(&args.aws_secret_access_key)?,
            session_token: given(&args.aws_session_token),
        })
    }

    /// Emulators take the access key for the account, and any secret.
    pub(super) fn of_account(account: &str) -> Self {
        Self { access_key_id: account.to_owned(), secret_access_key: "fakecloud".to_owned(), session_token: None }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.access_key_id)
    }
}
