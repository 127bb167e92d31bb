//! The memory that the worst bodies of every action take.

use allocation_counter::measure;

use crate::{Caller, Iam, Moment, Service, actions::actions, parse};

/// How long a body is made.
const BODY_BYTES: usize = 128 << 10;

/// The parameters, a message of the longest, and the tree of the longest document.
const FIXED_BYTES_MAX: u64 = 1 << 20;

/// A text in the body, decoded, taken and answered.
const GROWTH_MAX: u64 = 4;

/// Texts that are taken.
const TAKEN: &str = "&RoleName=r&PolicyName=p&PolicyArn=arn:aws:iam::111122223333:policy/p&VersionId=v1";

/// Parameters that are long, in each way that actions read them.
fn long() -> Vec<String> {
    let counted = |piece: &dyn Fn(usize) -> String| {
        let pieces = (1..=BODY_BYTES / piece(BODY_BYTES).len()).map(piece);
        pieces.collect::<String>()
    };
    let text = "\u{1}".repeat(BODY_BYTES);
    let document = |piece: &str| format!("[{}0]", piece.repeat(131_000 / piece.len()));
    let documents = ["{\"\":0},", "[],", "0,"].map(document);
    let mut all = vec![
        counted(&|number| format!("&{number:x}")),
        counted(&|number| format!("&Tags.member.{number}.Key=")),
        counted(&|number| format!("&TagKeys.member.{number}=%01")),
        counted(&|number| format!("&PolicyArns.member.{number}.arn=a")),
    ];
    for name in ["RoleName", "Description", "PolicyArn", "Marker", "MaxItems", "PathPrefix", "WebIdentityToken"] {
        all.push(format!("&{name}={text}"));
    }
    for document in &documents {
        all.push(format!("&PolicyDocument={document}&AssumeRolePolicyDocument={document}&Policy={document}"));
    }
    all
}

#[test]
fn no_body_of_any_action_takes_many_times_its_length() {
    let (caller, moment) = (Caller::new("111122223333", None), Moment { epoch_ms: 1_769_860_800_000, random: 7 });
    let long = long();
    for (service, version) in [(Service::Iam, "2010-05-08"), (Service::Sts, "2011-06-15")] {
        for (action, _) in actions(service) {
            for long in &long {
                let body = format!("Action={action}&Version={version}{TAKEN}{long}");
                let limit = FIXED_BYTES_MAX + GROWTH_MAX * body.len() as u64;
                let mut iam = Iam::default();
                let mut call = || {
                    let call = parse(service, None, body.as_bytes())?;
                    iam.apply(&caller, &moment, &call, "id")
                };
                let peak = measure(|| drop(call().map_err(|error| error.to_response(service, "id")))).bytes_max;
                let beginning: String = body.chars().take(150).collect();
                assert!(peak <= limit, "{peak} bytes, of which {limit} are expected at most: {beginning}");
            }
        }
    }
}
