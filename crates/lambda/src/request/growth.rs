//! The memory that the worst bodies of every operation take. They are made from the tables of the service model: for each
//! list, map, structure and text in an input, the smallest of what it may hold, as often as fits.

use allocation_counter::measure;
use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::{
    InvokeCall, Operation, Request, parse_as,
    request::model::{Kind, Location, Member, Route, Shape},
    shapes::ROUTES,
};

mod answers;

/// The length that bodies are made to have. What a body may be is linear in it, what grows faster shows by then.
const BODY_BYTES: usize = 128 << 10;

/// A tree with as many elements as a list may have, and a message of the longest.
const FIXED_BYTES_MAX: u64 = 3 << 19;

/// A text as it came, in the tree, and in the message that refuses it.
const GROWTH_MAX: u64 = 4;

/// A place in an input: the JSON around it and its shape.
struct Place {
    before: String,
    after: String,
    shape: &'static Shape,
}

/// Every place below one.
fn places(place: Place, into: &mut Vec<Place>) {
    let inside = |before: &str, after: &str, shape| Place {
        before: format!("{}{before}", place.before),
        after: format!("{after}{}", place.after),
        shape,
    };
    match place.shape.kind {
        Kind::Structure(members) => {
            for Member { name, shape, .. } in members.iter().filter(|member| member.location == Location::Body) {
                places(inside(&format!("{{\"{name}\":"), "}", shape), into);
            }
        }
        Kind::List(shape) => places(inside("[", "]", shape), into),
        Kind::Map(_, shape) => places(inside("{\"k\":", "}", shape), into),
        Kind::Text { .. } | Kind::Integer | Kind::Long | Kind::Double => {}
        Kind::Boolean | Kind::Blob | Kind::Timestamp => {}
    }
    into.push(place);
}

/// The smallest values of a shape.
fn smallest(shape: &Shape) -> [&'static str; 2] {
    let value = match shape.kind {
        Kind::Structure(_) | Kind::Map(..) => "{}",
        Kind::List(_) => "[]",
        Kind::Text { .. } | Kind::Blob => "\"\"",
        Kind::Integer | Kind::Long | Kind::Double | Kind::Boolean | Kind::Timestamp => "0",
    };
    ["null", value]
}

/// The values of this shape that are long in each way that it can be.
fn long(shape: &Shape) -> Vec<String> {
    let filled = |piece: &str| piece.repeat(BODY_BYTES / piece.len());
    let list = |value: &str| format!("[{}{value}]", filled(&format!("{value},")));
    let repeated =
        |name: &str, value: &str| format!("{{{}\"{name}\":{value}}}", filled(&format!("\"{name}\":{value},")));
    let distinct = |value: &str| {
        let keys = (0..BODY_BYTES / (value.len() + 8)).map(|key| format!("\"{key:x}\":{value}"));
        format!("{{{}}}", keys.collect::<Vec<_>>().join(","))
    };
    match shape.kind {
        Kind::List(element) => smallest(element).map(list).into(),
        Kind::Map(_, element) => smallest(element).map(distinct).into(),
        Kind::Structure(members) => {
            let known = members.iter().map(|member| repeated(member.name, smallest(member.shape)[1]));
            known.chain([repeated("unknown", "{}")]).collect()
        }
        Kind::Text { .. } => ["a", "\\u0001"].map(|text| format!("\"{}\"", filled(text))).into(),
        Kind::Blob => vec![format!("\"{}\"", filled("AAAA"))],
        Kind::Integer | Kind::Long | Kind::Double | Kind::Timestamp => vec![filled("9")],
        Kind::Boolean => Vec::new(),
    }
}

fn request(route: &Route, body: Bytes) -> Request {
    let (path, query) =
        (route.path.replace(['{', '}'], ""), route.query.map(|(name, value)| format!("{name}={value}")));
    Request { method: Method::POST, path, query, headers: HeaderMap::new(), body }
}

/// The most memory that one request takes beside its body, its answer included.
fn peak(route: &Route, body: Bytes) -> u64 {
    let request = request(route, body);
    let refused = || {
        let parsed = parse_as(route.operation, &request);
        let is_invocation = matches!(route.operation, Operation::Invoke | Operation::InvokeWithResponseStream);
        let invoked = parsed.and_then(|call| if is_invocation { InvokeCall::of(&call).map(drop) } else { Ok(()) });
        let _answer = invoked.map_err(|error| error.to_response());
    };
    measure(refused).bytes_max
}

/// The bodies of a route, each with what it is. A shape that an operation has in many places is made long in the first.
fn bodies(route: &Route) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let members = route.input.members();
    if members.iter().any(|member| member.location == Location::Body) {
        places(Place { before: String::new(), after: String::new(), shape: route.input }, &mut found);
    }
    for member in members.iter().filter(|member| member.location == Location::Payload) {
        places(Place { before: String::new(), after: String::new(), shape: member.shape }, &mut found);
    }
    let mut known = Vec::new();
    found.retain(|place| {
        let is_new = !known.iter().any(|shape| std::ptr::eq(*shape, place.shape));
        known.push(place.shape);
        is_new
    });
    let mut all = vec![(format!("{:?}, nothing but brackets", route.operation), "[".repeat(BODY_BYTES))];
    for Place { before, after, shape } in found {
        let what = format!("{:?} {before}…{after}", route.operation);
        all.extend(long(shape).into_iter().map(|long| (what.clone(), format!("{before}{long}{after}"))));
    }
    all
}

#[test]
fn no_body_of_any_operation_takes_many_times_its_length() {
    let limit = FIXED_BYTES_MAX + GROWTH_MAX * BODY_BYTES as u64;
    let mut measured = 0;
    for route in &ROUTES {
        // The patterns of the model are compiled once, for all requests.
        parse_as(route.operation, &request(route, Bytes::from_static(b"{}"))).err();
        for (what, body) in bodies(route) {
            measured += 1;
            let beginning: String = body.chars().take(200).collect();
            let peak = peak(route, body.into());
            assert!(peak <= limit, "{what} takes {peak} bytes, of which {limit} are expected at most: {beginning}");
        }
    }
    assert!(measured > 500, "the tables have lost their inputs: {measured}");
}
