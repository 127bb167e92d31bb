//! AWS's own policies, which are there without being made.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    account::Account,
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

/// The policies of AWS that lists show: those for functions, and those that the account uses.
pub(crate) fn known(account: &Account) -> Vec<Policy> {
    let for_functions = FOR_FUNCTIONS.iter().map(|(name, _)| format!("arn:aws:iam::{AWS}:policy{SERVICE_ROLE}{name}"));
    let used = account.roles().flat_map(|role| role.attached.iter().chain(&role.boundary).cloned());
    let arns: BTreeSet<String> = for_functions.chain(used).collect();
    let names = arns.iter().filter_map(|arn| Name::of(arn)).filter(|name| name.account == AWS);
    names.map(|name| policy(&name)).collect()
}

fn document(name: &Name) -> Value {
    let known = FOR_FUNCTIONS.iter().find(|(known, _)| name.path == SERVICE_ROLE && *known == name.name);
    let statements: Vec<Value> = known
        .map(|(_, actions)| {
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
