//! Limits of invocations that run at once.

use fakecloud_lambda::Admitted;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Account, Answer, answer, error};

const RESERVED: &str = "ReservedFunctionConcurrentInvocationLimitExceeded";
const ACCOUNT: &str = "ConcurrentInvocationLimitExceeded";

fn reserve(account: &mut Account, function: &str, count: u32) {
    let path = format!("/2017-10-31/functions/{function}/concurrency");
    assert_eq!(account.put(&path, &json!({ "ReservedConcurrentExecutions": count })).status, 200);
}

fn provision(account: &mut Account, function: &str, count: u32) {
    let path = format!("/2019-09-30/functions/{function}/provisioned-concurrency?Qualifier=1");
    assert_eq!(account.put(&path, &json!({ "ProvisionedConcurrentExecutions": count })).status, 202);
}

/// Begins an invocation of `f`, or of `f?Qualifier=1`.
fn begin(account: &mut Account, function: &str) -> Result<Admitted, Answer> {
    let (name, query) = function.split_once('?').map_or((function, String::new()), |(a, b)| (a, format!("?{b}")));
    let invocation = account.resolve(&format!("/2015-03-31/functions/{name}/invocations{query}"), &[], b"")?;
    account.lambda.admit(&invocation).map_err(|error| answer(error.to_response()))
}

fn begin_many(account: &mut Account, function: &str, count: usize) -> Vec<Admitted> {
    (0..count).map(|_| begin(account, function).unwrap()).collect()
}

fn throttled(reason: &str) -> Answer {
    let body = json!({ "Type": "User", "message": "Rate Exceeded.", "Reason": reason });
    error(429, "TooManyRequestsException", body)
}

#[test]
fn all_versions_together_run_as_often_as_the_function_has_reserved() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    reserve(&mut account, "f", 2);
    let one = begin(&mut account, "f").unwrap();
    let _other = begin(&mut account, "f?Qualifier=1").unwrap();
    assert_eq!(begin(&mut account, "f"), Err(throttled(RESERVED)));
    assert_eq!(begin(&mut account, "f?Qualifier=1"), Err(throttled(RESERVED)));
    account.lambda.ended(&one);
    let _running = begin(&mut account, "f").unwrap();
    assert_eq!(begin(&mut account, "f"), Err(throttled(RESERVED)));
}

#[test]
fn what_ran_before_a_reset_counts_neither_then_nor_when_it_ends() {
    let mut account = Account::new();
    account.create("f");
    reserve(&mut account, "f", 1);
    let before = begin(&mut account, "f").unwrap();
    assert_eq!(account.lambda.reset().len(), 1);
    account.create("f");
    reserve(&mut account, "f", 1);
    let after = begin(&mut account, "f").unwrap();
    account.lambda.ended(&before);
    assert_eq!(begin(&mut account, "f"), Err(throttled(RESERVED)));
    account.lambda.ended(&after);
    assert!(begin(&mut account, "f").is_ok());
}

#[test]
fn reservation_counts_at_once_what_runs_already() {
    let mut account = Account::new();
    account.create("f");
    let running = begin_many(&mut account, "f", 3);
    reserve(&mut account, "f", 2);
    assert_eq!(begin(&mut account, "f"), Err(throttled(RESERVED)));
    running.iter().take(2).for_each(|one| account.lambda.ended(one));
    let _fourth = begin(&mut account, "f").unwrap();
    assert_eq!(begin(&mut account, "f"), Err(throttled(RESERVED)));
    reserve(&mut account, "f", 3);
    let _fifth = begin(&mut account, "f").unwrap();
    account.delete("/2017-10-31/functions/f/concurrency");
    begin_many(&mut account, "f", 10);
}

#[test]
fn unreserved_functions_share_what_reservations_leave_of_a_thousand() {
    let mut account = Account::new();
    for name in ["f", "g", "h"] {
        account.create(name);
    }
    reserve(&mut account, "h", 600);
    let running = begin_many(&mut account, "f", 300);
    begin_many(&mut account, "g", 100);
    assert_eq!(begin(&mut account, "f"), Err(throttled(ACCOUNT)));
    assert_eq!(begin(&mut account, "g"), Err(throttled(ACCOUNT)));
    let of_h = begin_many(&mut account, "h", 600);
    assert_eq!(begin(&mut account, "h"), Err(throttled(RESERVED)));
    // What runs of `f` moves out of the shared part, which shrinks by as much.
    reserve(&mut account, "f", 300);
    assert_eq!(begin(&mut account, "g"), Err(throttled(ACCOUNT)));
    account.lambda.ended(&running[0]);
    assert_eq!(begin(&mut account, "g"), Err(throttled(ACCOUNT)), "its place is reserved");
    reserve(&mut account, "h", 500);
    assert_eq!(begin(&mut account, "g"), Err(throttled(ACCOUNT)), "what runs beyond a reservation is shared as well");
    of_h.iter().take(100).for_each(|one| account.lambda.ended(one));
    begin_many(&mut account, "g", 100);
    assert_eq!(begin(&mut account, "g"), Err(throttled(ACCOUNT)));
}

#[test]
fn accounts_and_regions_have_limits_of_their_own() {
    let mut account = Account::new();
    account.create("f");
    begin_many(&mut account, "f", 1_000);
    assert_eq!(begin(&mut account, "f"), Err(throttled(ACCOUNT)));
    account.scope = fakecloud_lambda::Scope::new("111122223333", "us-east-1").unwrap();
    account.create("f");
    let _running = begin(&mut account, "f").unwrap();
}

#[test]
fn provisioned_concurrency_is_used_before_what_is_shared() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    account.create("g");
    provision(&mut account, "f", 400);
    begin_many(&mut account, "g", 600);
    begin_many(&mut account, "f?Qualifier=1", 400);
    assert_eq!(begin(&mut account, "g"), Err(throttled(ACCOUNT)));
    let beyond = begin(&mut account, "f?Qualifier=1");
    assert_eq!(beyond, Err(throttled(ACCOUNT)), "beyond what is provisioned it shares too");
}

#[test]
fn version_uses_nothing_of_what_is_provisioned_for_another() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    provision(&mut account, "f", 400);
    begin_many(&mut account, "f", 600);
    assert_eq!(begin(&mut account, "f"), Err(throttled(ACCOUNT)));
    let running = begin_many(&mut account, "f?Qualifier=1", 400);
    running.iter().for_each(|one| account.lambda.ended(one));
    assert_eq!(begin(&mut account, "f"), Err(throttled(ACCOUNT)), "what ends there leaves no place here");
}

#[test]
fn reservation_that_is_all_provisioned_leaves_other_versions_nothing() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    reserve(&mut account, "f", 2);
    provision(&mut account, "f", 2);
    assert_eq!(begin(&mut account, "f"), Err(throttled(RESERVED)));
    let running = begin_many(&mut account, "f?Qualifier=1", 2);
    assert_eq!(begin(&mut account, "f?Qualifier=1"), Err(throttled(RESERVED)));
    running.iter().for_each(|one| account.lambda.ended(one));
    assert_eq!(begin(&mut account, "f"), Err(throttled(RESERVED)));
    reserve(&mut account, "f", 3);
    let _of_the_rest = begin(&mut account, "f").unwrap();
    assert_eq!(begin(&mut account, "f"), Err(throttled(RESERVED)), "the rest of the reservation is one");
    begin_many(&mut account, "f?Qualifier=1", 2);
}

#[test]
fn throttled_caller_is_told_when_to_come_again() {
    let response = fakecloud_lambda::Error::throttled(ACCOUNT).to_response();
    assert_eq!(response.headers["retry-after"], "1");
}

#[test]
fn deleted_function_takes_no_place_with_it() {
    let mut account = Account::new();
    account.create("f");
    account.create("g");
    reserve(&mut account, "f", 5);
    let running = begin_many(&mut account, "f", 5);
    account.delete("/2015-03-31/functions/f");
    begin_many(&mut account, "g", 995);
    assert_eq!(begin(&mut account, "g"), Err(throttled(ACCOUNT)), "what is left of `f` still runs");
    running.iter().for_each(|one| account.lambda.ended(one));
    begin_many(&mut account, "g", 5);
}

#[derive(Debug, Clone)]
enum Step {
    Begin(usize),
    End(usize),
    Reserve(usize, u32),
    Release(usize),
    Recreate(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let function = 0..3_usize;
    prop_oneof![
        8 => function.clone().prop_map(Step::Begin),
        4 => any::<usize>().prop_map(Step::End),
        1 => (function.clone(), 1..8_u32).prop_map(|(function, count)| Step::Reserve(function, count)),
        1 => function.clone().prop_map(Step::Release),
        1 => function.prop_map(Step::Recreate),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// The account's shared part is brought down to 100, so that walks reach it.
    #[test]
    fn counts_are_what_a_recount_gives(steps in prop::collection::vec(step(), 1..150)) {
        const NAMES: [&str; 3] = ["f", "g", "h"];
        let mut account = Account::new();
        account.create("filler");
        reserve(&mut account, "filler", 870);
        NAMES.iter().for_each(|name| drop(account.create(name)));
        let mut under_way: Vec<(usize, Admitted)> = (0..120).map(|n| (n % 3, begin(&mut account, NAMES[n % 3]).unwrap())).collect();
        let mut reserved: [Option<u32>; 3] = [None; 3];
        for step in steps {
            match step {
                Step::Begin(function) => {
                    let of = |function: usize| under_way.iter().filter(|(other, _)| *other == function).count() as u32;
                    let shared: u32 = (0..3).map(|n| of(n).saturating_sub(reserved[n].unwrap_or(0))).sum();
                    let left = 130 - reserved.iter().flatten().sum::<u32>();
                    let expected = match reserved[function] {
                        Some(limit) if of(function) >= limit => Some(RESERVED),
                        None if shared >= left => Some(ACCOUNT),
                        Some(_) | None => None,
                    };
                    let begun = begin(&mut account, NAMES[function]);
                    prop_assert_eq!(begun.as_ref().err().map(|answer| answer.body["Reason"].clone()), expected.map(Value::from));
                    under_way.extend(begun.ok().map(|begun| (function, begun)));
                }
                Step::End(pick) if !under_way.is_empty() => {
                    let (_, ended) = under_way.swap_remove(pick % under_way.len());
                    account.lambda.ended(&ended);
                }
                Step::End(_) => {}
                Step::Reserve(function, count) => {
                    reserve(&mut account, NAMES[function], count);
                    reserved[function] = Some(count);
                }
                Step::Release(function) => {
                    account.delete(&format!("/2017-10-31/functions/{}/concurrency", NAMES[function]));
                    reserved[function] = None;
                }
                Step::Recreate(function) => {
                    account.delete(&format!("/2015-03-31/functions/{}", NAMES[function]));
                    account.create(NAMES[function]);
                    reserved[function] = None;
                }
            }
        }
    }
}
