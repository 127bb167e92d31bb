//! AWS's own policies, which are there without being made.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    moment::id,
    policy::{AWS, Name, Policy, Version},
};

/// When AWS made the oldest of those below: 2015-04-09T15:03:43Z.
const CREATED_S: u64 = 1_428_591_823;

const LOGS: [&str; 3] = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];

/// What AWS's policies for functions allow besides writing logs (AWS Managed Policy Reference). Of all others only the
/// names are known here: their documents allow nothing.
const FOR_FUNCTIONS: &[(&str, &[&str])] = &[
    ("AWSLambdaBasicExecutionRole", &[]),
    (
        "AWSLambdaDynamoDBExecutionRole",
        &["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
    ),
    (
        "AWSLambdaKinesisExecutionRole",
        &[
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
            "kinesis:ListStreams",
            "kinesis:SubscribeToShard",
        ],
    ),
    ("AWSLambdaSQSQueueExecutionRole", &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
    (
        "AWSLambdaVPCAccessExecutionRole",
        &[
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ],
    ),
];

/// The path of the policies above.
const SERVICE_ROLE: &str = "/service-role/";

/// The policy of AWS with this name. Every name is taken for one: AWS has more than a thousand, and makes new ones.
pub(crate) fn policy(name: &Name) -> Policy {
    let document = document(name).to_string();
    let full = format!("{}{}", name.path, name.name);
    Policy {
        name: name.name.clone(),
        path: name.path.clone(),
        id: id("ANPA", hash(&full)),
        description: None,
        created_s: CREATED_S,
        updated_s: CREATED_S,
        versions: BTreeMap::from([(1, Version { document, created_s: CREATED_S })]),
        default: 1,
        last: 1,
        tags: Vec::new(),
    }
}

/// The policies of AWS for functions, which lists show whether a role uses them or not.
pub(crate) fn for_functions() -> impl Iterator<Item = Name> {
    FOR_FUNCTIONS.iter().map(|(name, _actions)| Name {
        account: AWS.to_owned(),
        path: SERVICE_ROLE.to_owned(),
        name: (*name).to_owned(),
    })
}

/// Whether a policy is one of [`for_functions`].
pub(crate) fn is_for_functions(name: &Name) -> bool {
    name.account == AWS && known(name).is_some()
}

fn known(name: &Name) -> Option<&'static [&'static str]> {
    let mut known = FOR_FUNCTIONS.iter().filter(|_| name.path == SERVICE_ROLE);
    known.find(|(known, _actions)| *known == name.name).map(|(_name, actions)| *actions)
}

fn document(name: &Name) -> Value {
    let statements: Vec<Value> = known(name)
        .map(|actions| {
            let actions: Vec<&str> = actions.iter().chain(&LOGS).copied().collect();
            json!({ "Effect": "Allow", "Action": actions, "Resource": "*" })
        })
        .into_iter()
        .collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// FNV-1a, so that a policy has the same id whenever it is asked for.
fn hash(text: &str) -> u128 {
    text.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}
