//! The forms that AWS's service models of IAM and STS give to parameters.

/// What a text must be.
pub(crate) struct Form {
    /// In characters.
    pub(crate) len_min: usize,
    /// In characters.
    pub(crate) len_max: usize,
    pub(crate) fits: fn(&str) -> bool,
    pub(crate) refusal: Refusal,
}

/// How AWS words that a text does not fit.
pub(crate) enum Refusal {
    /// By the pattern of the model.
    Pattern(&'static str),
    /// By a sentence that follows `The specified value for … is invalid. `
    Sentence(&'static str),
    /// By the values that there are.
    OneOf(&'static str),
}

pub(crate) const ROLE_NAME: Form = name(64);
pub(crate) const POLICY_NAME: Form = name(128);
pub(crate) const USER_NAME: Form = name(128);
pub(crate) const ROLE_SESSION_NAME: Form =
    Form { len_min: 2, len_max: 64, fits: |text| text.chars().all(is_name), refusal: Refusal::Pattern("[\\w+=,.@-]*") };
pub(crate) const ROLE_PATH: Form = Form {
    len_min: 1,
    len_max: 512,
    fits: |text| text == "/" || (text.len() > 2 && framed(text) && text.bytes().all(|byte| byte.is_ascii_graphic())),
    refusal: Refusal::Sentence(
        "It must begin and end with / and contain only alphanumeric characters and/or / characters.",
    ),
};
pub(crate) const POLICY_PATH: Form = Form {
    fits: |text| framed(text) && !text.contains("//") && text.chars().all(|char| char == '/' || is_name(char)),
    ..ROLE_PATH
};
pub(crate) const PATH_PREFIX: Form = Form {
    len_min: 1,
    len_max: 512,
    fits: |text| text.starts_with('/') && text.bytes().all(|byte| (0x21..=0x7f).contains(&byte)),
    refusal: Refusal::Pattern("\\u002F[\\u0021-\\u007F]*"),
};
pub(crate) const ARN: Form = any(20, 2048);
pub(crate) const DESCRIPTION: Form = Form {
    len_min: 0,
    len_max: 1000,
    fits: |text| text.chars().all(|char| matches!(char, '\t' | '\n' | '\r' | ' '..='~' | '¡'..='ÿ')),
    refusal: Refusal::Pattern("[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*"),
};
pub(crate) const DOCUMENT: Form = Form {
    len_min: 1,
    len_max: 131_072,
    fits: |text| text.chars().all(|char| matches!(char, '\t' | '\n' | '\r' | ' '..='ÿ')),
    refusal: Refusal::Pattern("[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"),
};
pub(crate) const SESSION_DOCUMENT: Form = Form { len_max: 2048, ..DOCUMENT };
pub(crate) const TAG_KEY: Form =
    Form { len_min: 1, len_max: 128, fits: is_tag_text, refusal: Refusal::Pattern("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+") };
pub(crate) const TAG_VALUE: Form =
    Form { len_min: 0, len_max: 256, fits: is_tag_text, refusal: Refusal::Pattern("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*") };
pub(crate) const VERSION_ID: Form = Form {
    len_min: 0,
    len_max: usize::MAX,
    fits: |text| {
        let number = text.strip_prefix('v').and_then(|rest| rest.split('.').next());
        number.is_some_and(|number| {
            number.starts_with(|first| ('1'..='9').contains(&first)) && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    },
    refusal: Refusal::Pattern("v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?"),
};
pub(crate) const MARKER: Form = any(1, 320);
pub(crate) const ACCESS_KEY: Form = Form {
    len_min: 16,
    len_max: 128,
    fits: |text| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
    refusal: Refusal::Pattern("[\\w]*"),
};
pub(crate) const WEB_IDENTITY_TOKEN: Form = any(4, 20_000);
pub(crate) const POLICY_SCOPE: Form = one_of(|text| ["All", "AWS", "Local"].contains(&text), "[All, AWS, Local]");
pub(crate) const POLICY_USAGE: Form = one_of(
    |text| ["PermissionsPolicy", "PermissionsBoundary"].contains(&text),
    "[PermissionsPolicy, PermissionsBoundary]",
);
pub(crate) const ENTITY: Form = one_of(
    |text| ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"].contains(&text),
    "[User, Role, Group, LocalManagedPolicy, AWSManagedPolicy]",
);

const fn name(len_max: usize) -> Form {
    Form {
        len_min: 1,
        len_max,
        fits: |text| text.chars().all(is_name),
        refusal: Refusal::Sentence("It must contain only alphanumeric characters and/or the following: +=,.@_-"),
    }
}

const fn any(len_min: usize, len_max: usize) -> Form {
    Form { len_min, len_max, fits: |_| true, refusal: Refusal::Pattern("") }
}

const fn one_of(fits: fn(&str) -> bool, values: &'static str) -> Form {
    Form { len_min: 0, len_max: usize::MAX, fits, refusal: Refusal::OneOf(values) }
}

/// `[\w+=,.@-]`
fn is_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || "_+=,.@-".contains(char)
}

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]`
fn is_tag_text(text: &str) -> bool {
    text.chars()
        .all(|char| char.is_alphanumeric() || (char.is_whitespace() && !char.is_control()) || "_.:/=+-@".contains(char))
}

fn framed(path: &str) -> bool {
    path.starts_with('/') && path.ends_with('/')
}
