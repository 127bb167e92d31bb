//! Who somebody is.

use serde::Serialize;

use crate::{
    Error, ErrorCode,
    answer::Answer,
    caller::{Principal, account_of_key},
    form::{ACCESS_KEY, USER_NAME},
    given::Given,
    moment::date,
    state::At,
};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CallerIdentityResult<'a> {
    arn: &'a str,
    user_id: &'a str,
    account: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AccessKeyInfoResult<'a> {
    account: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserResult {
    user: UserView,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserView {
    path: &'static str,
    user_name: String,
    user_id: String,
    arn: String,
    create_date: String,
}

pub(crate) fn get_caller_identity(at: &mut At<'_>, _given: &mut Given<'_>) -> Result<Answer, Error> {
    let Principal { arn, user_id } = at.caller.principal();
    Ok(at.answer(&CallerIdentityResult { arn, user_id, account: at.account_id() }))
}

pub(crate) fn get_access_key_info(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let key = given.text("AccessKeyId", &ACCESS_KEY);
    given.check()?;
    // Whatever key a caller uses, it means some account.
    Ok(at.answer(&AccessKeyInfoResult { account: account_of_key(&key).unwrap_or("000000000000") }))
}

/// The root user is the only one that there is; tools ask for it to learn the account.
pub(crate) fn get_user(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let name = given.optional("UserName", &USER_NAME);
    given.check()?;
    if let Some(name) = name {
        return Err(Error::missing(format!("The user with name {name} cannot be found.")));
    }
    let account = at.account_id().to_owned();
    let Principal { arn, user_id } = Principal::root(&account);
    if at.caller.principal().arn != arn {
        let message = "Must specify userName when calling with non-User credentials";
        return Err(Error::new(ErrorCode::ValidationError, message));
    }
    let user = UserView { path: "/", user_name: account, user_id, arn, create_date: date(0) };
    Ok(at.answer(&UserResult { user }))
}
