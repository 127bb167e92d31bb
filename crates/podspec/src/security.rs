//! Who the containers run as, and what they may not do: PodSecurity's level `restricted` by default.

use std::fmt;
use std::str::FromStr;

use k8s_openapi::api::core::v1::{Capabilities, PodSecurityContext, SeccompProfile, SecurityContext};

use crate::InvalidValue;

/// The user id of functions on AWS, `sbx_user1051`.
pub const LAMBDA_UID: NonRootId = NonRootId(993);
/// The group id of functions on AWS.
pub const LAMBDA_GID: NonRootId = NonRootId(990);

/// Who the containers of a Pod run as, the init container included, so that a Pod never states a user where it is not to.
///
/// With a fixed user, what is unpacked belongs to the function. With [`RunAs::Image`] it belongs to the user of the init
/// container's image: a function whose image names another one reads what its archive's permissions allow to all, as on AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunAs {
    /// A fixed user and group, neither of them root.
    User {
        /// The user id.
        uid: NonRootId,
        /// The group id.
        gid: NonRootId,
    },
    /// The user that each image names, which is root in many images, or the one that the cluster chooses: OpenShift's
    /// `restricted-v2` takes no other. No container states a user, so such Pods do not pass PodSecurity's `restricted`.
    Image,
}

/// The id of a user or group other than root: 1 to 2,147,483,647, the highest that Kubernetes accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NonRootId(u32);

const ID_MAX: u32 = i32::MAX.cast_unsigned();

/// What holds for all containers of a Pod, those that others inject included.
pub(crate) fn pod_context() -> PodSecurityContext {
    PodSecurityContext {
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), ..SeccompProfile::default() }),
        ..PodSecurityContext::default()
    }
}

/// What holds for one of fakecloud's own containers.
pub(crate) fn container_context(run_as: RunAs) -> SecurityContext {
    let (uid, gid) = match run_as {
        RunAs::User { uid, gid } => (Some(i64::from(uid.0)), Some(i64::from(gid.0))),
        RunAs::Image => (None, None),
    };
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
        read_only_root_filesystem: Some(true),
        run_as_group: gid,
        run_as_non_root: uid.map(|_| true),
        run_as_user: uid,
        ..SecurityContext::default()
    }
}

// === impl NonRootId ===

impl NonRootId {
    /// Checks the range.
    ///
    /// # Errors
    /// The id is root's, 0, or greater than Kubernetes accepts.
    pub fn new(id: u32) -> Result<Self, InvalidValue> {
        if (1..=ID_MAX).contains(&id) {
            return Ok(Self(id));
        }
        Err(InvalidValue::new("user or group id", id, "expected 1 to 2147483647"))
    }

    /// The id itself.
    pub fn get(self) -> u32 {
        self.0
    }
}

// === impl RunAs ===

impl Default for RunAs {
    fn default() -> Self {
        Self::User { uid: LAMBDA_UID, gid: LAMBDA_GID }
    }
}

impl FromStr for RunAs {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if text == "image" {
            return Ok(Self::Image);
        }
        let id = |digits: &str| NonRootId::new(digits.parse().ok()?).ok();
        let ids = match text.split_once(':') {
            Some((uid, gid)) => id(uid).zip(id(gid)),
            None => id(text).zip(Some(LAMBDA_GID)),
        };
        match ids {
            Some((uid, gid)) => Ok(Self::User { uid, gid }),
            None => {
                let expected = "expected `image` or `uid[:gid]` with ids from 1 to 2147483647";
                Err(InvalidValue::new("user", text, expected))
            }
        }
    }
}

impl fmt::Display for RunAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User { uid, gid } => write!(f, "{}:{}", uid.0, gid.0),
            Self::Image => f.write_str("image"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_is_read_with_and_without_group() {
        assert_eq!("image".parse(), Ok(RunAs::Image));
        assert_eq!("1000".parse(), Ok(RunAs::User { uid: NonRootId(1000), gid: LAMBDA_GID }));
        assert_eq!("1000:2000".parse(), Ok(RunAs::User { uid: NonRootId(1000), gid: NonRootId(2000) }));
        assert_eq!(RunAs::default().to_string(), "993:990");
    }

    #[test]
    fn root_and_nonsense_are_refused() {
        for text in ["", "0", "root", "1:0", "1:", ":1", "-1", "2147483648", "Image"] {
            let error = text.parse::<RunAs>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("invalid user `{text}`: expected `image` or")), "{error}");
        }
    }
}
