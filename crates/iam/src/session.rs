//! Temporary credentials, which open what all others open as well.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Error, ErrorCode,
    answer::Answer,
    caller::{Principal, session_key},
    form::{ARN, ROLE_SESSION_NAME, SESSION_DOCUMENT, WEB_IDENTITY_TOKEN},
    given::Given,
    moment::{base32, date},
    state::At,
};

/// How long the credentials of a role last where the caller does not say, and the least and the most, in seconds.
const ROLE_S: u32 = 3600;
const SESSION_S_MIN: u32 = 900;
const ROLE_S_MAX: u32 = 43_200;

/// The same for the credentials of a user.
const USER_S: u32 = 43_200;
const USER_S_MAX: u32 = 129_600;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumedRoleUser {
    assumed_role_id: String,
    arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumeRoleResult {
    credentials: Credentials,
    assumed_role_user: AssumedRoleUser,
    packed_policy_size: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_from_web_identity_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SessionTokenResult {
    credentials: Credentials,
}

pub(crate) fn assume_role(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let result = assume(at, given)?;
    Ok(at.answer(&result))
}

pub(crate) fn assume_role_with_web_identity(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let token = given.text("WebIdentityToken", &WEB_IDENTITY_TOKEN);
    let mut result = assume(at, given)?;
    let claims = claims(&token).ok_or_else(|| {
        let message = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
        Error::new(ErrorCode::InvalidIdentityToken, message)
    })?;
    let claim = |name: &str| claims[name].as_str().map(str::to_owned);
    result.subject_from_web_identity_token = claim("sub");
    result.provider = claim("iss");
    result.audience = claim("aud");
    Ok(at.answer(&result))
}

pub(crate) fn get_session_token(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let duration_s = given.number("DurationSeconds", SESSION_S_MIN..=USER_S_MAX).unwrap_or(USER_S);
    given.check()?;
    let credentials = credentials(at, at.account_id(), at.caller.principal(), duration_s);
    Ok(at.answer(&SessionTokenResult { credentials }))
}

/// Any caller may assume any role, also one that nobody made: functions run under such roles too.
fn assume(at: &At<'_>, given: &mut Given<'_>) -> Result<AssumeRoleResult, Error> {
    let arn = given.text("RoleArn", &ARN);
    let session = given.text("RoleSessionName", &ROLE_SESSION_NAME);
    let duration_s = given.number("DurationSeconds", SESSION_S_MIN..=ROLE_S_MAX).unwrap_or(ROLE_S);
    given.optional("Policy", &SESSION_DOCUMENT);
    given.check()?;
    let (account, name) = role_of(&arn).ok_or_else(|| {
        Error::new(ErrorCode::ValidationError, format!("{arn} is invalid: it is not the ARN of a role"))
    })?;
    let role = at.account.role(name).ok().filter(|_| account == at.account_id());
    if role.is_some_and(|role| duration_s > role.session_s_max) {
        let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(Error::new(ErrorCode::ValidationError, message));
    }
    let role_id = role.map_or_else(|| at.moment.id("AROA"), |role| role.id.clone());
    let principal = Principal {
        arn: format!("arn:aws:sts::{account}:assumed-role/{name}/{session}"),
        user_id: format!("{role_id}:{session}"),
    };
    Ok(AssumeRoleResult {
        credentials: credentials(at, account, &principal, duration_s),
        assumed_role_user: AssumedRoleUser { assumed_role_id: principal.user_id, arn: principal.arn },
        packed_policy_size: 0,
        subject_from_web_identity_token: None,
        provider: None,
        audience: None,
    })
}

fn credentials(at: &At<'_>, account: &str, principal: &Principal, duration_s: u32) -> Credentials {
    Credentials {
        access_key_id: session_key(account, &base32(at.moment.random, 16)),
        secret_access_key: at.moment.secret(),
        session_token: principal.token(),
        expiration: date(at.moment.epoch_s() + u64::from(duration_s)),
    }
}

/// Account and name of a role, without its path.
fn role_of(arn: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", "aws", "iam", "", account, resource] = parts[..] else { return None };
    let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
    let valid = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty();
    valid.then_some((account, name))
}

/// The claims of a JSON web token. Nobody checks its signature here, since nobody knows its issuer.
fn claims(token: &str) -> Option<Value> {
    let [_header, claims, _signature] = token.split('.').collect::<Vec<_>>()[..] else { return None };
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    claims.is_object().then_some(claims)
}
