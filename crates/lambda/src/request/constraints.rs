//! Checks a call's members against the service model, in AWS's words.

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::{
    Error, Operation,
    request::{
        decode::Decoded,
        model::{Kind, Member, Route, Shape},
        path::Path,
        violations::Violations,
    },
};

/// Fails with the violations in one message.
pub(crate) fn check(route: &Route, decoded: &Decoded) -> Result<(), Error> {
    let mut check = Check { operation: route.operation, blobs: &decoded.blobs, violations: Violations::default() };
    check.structure(&Path::Root, route.input.members(), &decoded.fields);
    check.violations.check()
}

struct Check<'a> {
    operation: Operation,
    blobs: &'a [Bytes],
    violations: Violations,
}

impl Check<'_> {
    fn structure(&mut self, parent: &Path<'_>, members: &'static [Member], fields: &Map<String, Value>) {
        for member in members {
            let value = fields.get(member.name).unwrap_or(&Value::Null);
            if value.is_null() && !member.required {
                continue;
            }
            let path = Path::Member(parent, member.name);
            if value.is_null() {
                self.violations.add_null(&path);
                continue;
            }
            match checked_elsewhere(self.operation, member.name) {
                true => self.no_nulls(&path, member.shape, value),
                false => self.value(&path, member.shape, value),
            }
        }
    }

    fn value(&mut self, path: &Path<'_>, shape: &Shape, value: &Value) {
        for constraint in self.broken(shape, value) {
            self.report(path, shape, value, &constraint);
        }
        match (&shape.kind, value) {
            (Kind::Structure(members), Value::Object(fields)) => self.structure(path, members, fields),
            (Kind::List(element), Value::Array(values)) => self.list(path, shape, element, value, values),
            (Kind::Map(key, element), Value::Object(entries)) => {
                let keys = entries.keys().map(|key| Value::from(key.as_str())).collect::<Vec<_>>();
                self.members(path, shape, key, value, keys.iter(), "Map keys");
                self.members(path, shape, element, value, entries.values(), "Map value");
            }
            _ => {}
        }
    }

    fn no_nulls(&mut self, path: &Path<'_>, shape: &Shape, value: &Value) {
        if value.as_array().is_some_and(|values| values.contains(&Value::Null)) {
            self.report(path, shape, value, "Member must satisfy constraint: [Member must not be null]");
        }
    }

    fn list(&mut self, path: &Path<'_>, shape: &Shape, element: &Shape, list: &Value, values: &[Value]) {
        if !matches!(element.kind, Kind::Structure(_)) {
            return self.members(path, shape, element, list, values.iter(), "Member");
        }
        for (index, value) in values.iter().enumerate() {
            self.value(&Path::Element(path, index + 1), element, value);
        }
    }

    /// One violation for the whole collection when any of its elements breaks a constraint.
    fn members<'v>(
        &mut self,
        path: &Path<'_>,
        collection: &Shape,
        element: &Shape,
        value: &Value,
        mut values: impl Iterator<Item = &'v Value>,
        who: &str,
    ) {
        if values.any(|value| value.is_null() || !self.broken(element, value).is_empty()) {
            let all = member_constraints(path, element).join(", ");
            self.report(path, collection, value, &format!("{who} must satisfy constraint: [{all}]"));
        }
    }

    fn report(&mut self, path: &Path<'_>, shape: &Shape, value: &Value, constraint: &str) {
        self.violations.add(path, (!shape.sensitive).then_some(value), constraint);
    }

    /// The constraints of the shape itself that the value breaks.
    fn broken(&self, shape: &Shape, value: &Value) -> Vec<String> {
        let measure = self.measure(shape, value);
        let mut broken = Vec::new();
        if let (Some(measure), Some(max)) = (measure, shape.max)
            && measure > max as f64
        {
            broken.push(bound(shape, "less", max));
        }
        if let (Some(measure), Some(min)) = (measure, shape.min)
            && measure < min as f64
        {
            broken.push(bound(shape, "greater", min));
        }
        if let (Kind::Text { pattern, one_of }, Some(text)) = (&shape.kind, value.as_str()) {
            if let Some(pattern) = pattern
                && !pattern.matches(text)
            {
                broken.push(format!("Member must satisfy regular expression pattern: {}", pattern.text));
            }
            if !one_of.is_empty() && !one_of.contains(&text) {
                broken.push(enumeration(one_of));
            }
        }
        broken
    }

    /// The quantity that `min` and `max` bound: characters, bytes, elements, or the number itself.
    fn measure(&self, shape: &Shape, value: &Value) -> Option<f64> {
        match (&shape.kind, value) {
            (Kind::Blob, value) => Some(self.blobs.get(value.as_u64()? as usize)?.len() as f64),
            (_, Value::String(text)) => Some(text.chars().count() as f64),
            (_, Value::Array(values)) => Some(values.len() as f64),
            (Kind::Map(..), Value::Object(entries)) => Some(entries.len() as f64),
            (_, value) => value.as_f64(),
        }
    }
}

/// Tells whether AWS refuses values of this member in words of its own, which `function/runtime.rs` and
/// `layer/compatibility.rs` have.
fn checked_elsewhere(operation: Operation, member: &str) -> bool {
    use Operation as O;
    let operations: &[Operation] = match member {
        "Runtime" => &[O::CreateFunction, O::UpdateFunctionConfiguration],
        "CompatibleRuntime" => &[O::ListLayers, O::ListLayerVersions],
        "CompatibleRuntimes" | "CompatibleArchitectures" => &[O::PublishLayerVersion],
        _ => &[],
    };
    operations.contains(&operation)
}

/// The constraints that the members of a collection must satisfy. For those of a network AWS has texts of its own, and
/// of the versions of an alias's weights it says nothing about nulls.
fn member_constraints(path: &Path<'_>, element: &Shape) -> Vec<String> {
    let pattern = match &*path.to_string() {
        "vpcConfig.subnetIds" => "^subnet-[0-9a-z]*$",
        "vpcConfig.securityGroupIds" => "^sg-[0-9a-zA-Z]*$",
        "routingConfig.additionalVersionWeights" if matches!(element.kind, Kind::Text { .. }) => {
            return constraints(element);
        }
        _ => {
            let mut all = constraints(element);
            all.push("Member must not be null".to_owned());
            return all;
        }
    };
    let bounds = constraints(&Shape { kind: Kind::Text { pattern: None, one_of: &[] }, ..*element });
    bounds.into_iter().chain([format!("Member must satisfy regular expression pattern: {pattern}")]).collect()
}

/// Every constraint of a shape, in the order in which AWS lists them.
fn constraints(shape: &Shape) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(shape.max.map(|max| bound(shape, "less", max)));
    all.extend(shape.min.map(|min| bound(shape, "greater", min)));
    if let Kind::Text { pattern, one_of } = &shape.kind {
        all.extend(pattern.as_ref().map(|p| format!("Member must satisfy regular expression pattern: {}", p.text)));
        all.extend((!one_of.is_empty()).then(|| enumeration(one_of)));
    }
    all
}

fn bound(shape: &Shape, comparison: &str, limit: i64) -> String {
    let what = match shape.kind {
        Kind::Integer | Kind::Long | Kind::Double | Kind::Timestamp => "value",
        Kind::Structure(_) | Kind::List(_) | Kind::Map(..) | Kind::Text { .. } | Kind::Boolean | Kind::Blob => "length",
    };
    let fraction = if matches!(shape.kind, Kind::Double) { ".0" } else { "" };
    format!("Member must have {what} {comparison} than or equal to {limit}{fraction}")
}

fn enumeration(one_of: &[&str]) -> String {
    let same = |listed: &&[&str]| listed.len() == one_of.len() && listed.iter().all(|value| one_of.contains(value));
    let listed = REORDERED.into_iter().find(same).unwrap_or(one_of);
    format!("Member must satisfy enum value set: [{}]", listed.join(", "))
}

/// The enumerations that recorded answers list in another order than the model has.
const REORDERED: [&[&str]; 3] =
    [&["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"], &["Terminate", "Allow"], &["RESPONSE_STREAM", "BUFFERED"]];

#[cfg(test)]
mod tests {
    use crate::{
        request::model::{Kind, Shape},
        shapes::ROUTES,
    };

    #[test]
    fn every_pattern_of_the_model_compiles() {
        let mut patterns = 0;
        let mut open: Vec<&Shape> = ROUTES.iter().map(|route| route.input).collect();
        while let Some(shape) = open.pop() {
            match &shape.kind {
                Kind::Structure(members) => open.extend(members.iter().map(|member| member.shape)),
                Kind::List(element) => open.push(element),
                Kind::Map(key, value) => open.extend([key, value]),
                Kind::Text { pattern: Some(pattern), .. } => {
                    patterns += 1;
                    pattern.matches("");
                }
                Kind::Text { .. } | Kind::Integer | Kind::Long | Kind::Double => {}
                Kind::Boolean | Kind::Blob | Kind::Timestamp => {}
            }
        }
        assert!(patterns > 200, "the tables have lost their patterns: {patterns}");
    }
}
