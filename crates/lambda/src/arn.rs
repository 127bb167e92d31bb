//! Names and ARNs of functions and layers: wherever AWS takes a name it also takes partial and full ARNs.

use crate::{
    Error, ErrorCode, Scope,
    request::scope::{is_account, is_region, is_region_name},
};

/// The version that changes.
pub(crate) const LATEST: &str = "$LATEST";

/// A function as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionRef {
    /// The scope that the function lives in: the request's, unless an ARN names another account.
    pub(crate) scope: Scope,
    pub(crate) name: String,
    /// A version number, `$LATEST` or an alias.
    pub(crate) qualifier: Option<String>,
}

/// A layer version as its ARN names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayerVersionRef {
    pub(crate) scope: Scope,
    pub(crate) name: String,
    pub(crate) version: u64,
}

/// A resource that is neither a function nor a layer, as its ARN names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) scope: Scope,
    /// The kind, which the ARN has before the name, such as `code-signing-config`.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
}

/// The unqualified ARN of a function.
pub(crate) fn function(account: &str, region: &str, name: &str) -> String {
    // Each invocation is noted under it, and to join is quicker than to format.
    ["arn:", partition(region), ":lambda:", region, ":", account, ":function:", name].concat()
}

/// The ARN of a layer, without a version.
pub(crate) fn layer(scope: &Scope, name: &str) -> String {
    format!("arn:{}:lambda:{}:{}:layer:{name}", partition(scope.region()), scope.region(), scope.account())
}

/// The ARN of a version of a managed runtime, which belongs to no account.
pub(crate) fn runtime_version(region: &str, id: &str) -> String {
    format!("arn:{}:lambda:{region}::runtime:{id}", partition(region))
}

/// The ARN that stands for everyone in an account.
pub(crate) fn account_root(region: &str, account: &str) -> String {
    format!("arn:{}:iam::{account}:root", partition(region))
}

/// AWS's partition of a region; the service model's ARN patterns know the same families.
fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

// === impl FunctionRef ===

impl FunctionRef {
    /// Reads `name`, `name:qualifier`, `account:function:name`, `function:name`, or a full ARN with or without a
    /// qualifier, and the qualifier that the request gives besides.
    ///
    /// # Errors
    ///
    /// A function of another region, two different qualifiers.
    pub(crate) fn parse(scope: &Scope, text: &str, qualifier: Option<&str>) -> Result<Self, Error> {
        let mut parts: Vec<&str> = text.split(':').collect();
        let full = matches!(parts[..], ["arn", _, "lambda", ..]);
        if full {
            parts.drain(..3);
        }
        let mut parts = &parts[..];
        // In a full ARN a region stands in this place, whatever its name; in a partial one `my-function-1` is a name.
        let fits = if full { is_region } else { is_region_name };
        let region = leading(&mut parts, fits).unwrap_or_else(|| scope.region());
        let account = leading(&mut parts, is_account).unwrap_or_else(|| scope.account());
        leading(&mut parts, |part| part == "function");
        let (name, own) = match *parts {
            [name] => (name, None),
            [name, own] => (name, Some(own)),
            _ => return Err(Error::invalid_parameter(format!("'{text}' is neither a function's name nor its ARN"))),
        };
        if region != scope.region() {
            let here = scope.region();
            let message = format!("Functions from '{region}' are not reachable in this region ('{here}')");
            return Err(Error::new(ErrorCode::ResourceNotFound, message));
        }
        let qualifier = match (own, qualifier) {
            (Some(own), Some(qualifier)) if own != qualifier => {
                let message = "The derived qualifier from the function name does not match the specified qualifier.";
                return Err(Error::invalid_parameter(message));
            }
            (own, qualifier) => qualifier.or(own).map(str::to_owned),
        };
        let scope = Scope::new(account, region).unwrap_or_else(|| scope.clone());
        Ok(Self { scope, name: name.to_owned(), qualifier })
    }

    /// The same with `$LATEST` where no qualifier is given.
    pub(crate) fn qualified(&self) -> Self {
        let qualifier = self.qualifier.clone().or_else(|| Some(LATEST.to_owned()));
        Self { qualifier, ..self.clone() }
    }

    /// The ARN as the request meant it.
    pub(crate) fn arn(&self) -> String {
        let arn = function(self.scope.account(), self.scope.region(), &self.name);
        match &self.qualifier {
            Some(qualifier) => format!("{arn}:{qualifier}"),
            None => arn,
        }
    }

    pub(crate) fn not_found(&self) -> Error {
        Error::new(ErrorCode::ResourceNotFound, format!("Function not found: {}", self.arn()))
    }
}

/// The name in a layer's name or ARN, and the scope that it lives in.
pub(crate) fn parse_layer(scope: &Scope, text: &str) -> Result<(Scope, String), Error> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts[..] {
        [name] => Ok((scope.clone(), name.to_owned())),
        ["arn", _, "lambda", region, account, "layer", name] => {
            let scope = Scope::new(account, region).ok_or_else(|| not_a_layer(text))?;
            Ok((scope, name.to_owned()))
        }
        _ => Err(not_a_layer(text)),
    }
}

fn not_a_layer(text: &str) -> Error {
    Error::invalid_parameter(format!("'{text}' is neither a layer's name nor its ARN"))
}

// === impl Resource ===

impl Resource {
    /// Reads the ARN of a resource of this kind; `None` when it is of another form.
    pub(crate) fn parse(arn: &str, kind: &'static str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", _, "lambda", region, account, found, name] = parts[..] else { return None };
        let scope = Scope::new(account, region)?;
        (found == kind).then(|| Self { scope, kind, name: name.to_owned() })
    }

    /// The ARN.
    pub(crate) fn arn(&self) -> String {
        let (region, account) = (self.scope.region(), self.scope.account());
        format!("arn:{}:lambda:{region}:{account}:{}:{}", partition(region), self.kind, self.name)
    }
}

// === impl LayerVersionRef ===

impl LayerVersionRef {
    /// Reads a layer version's ARN; `None` when it is of another form.
    pub(crate) fn parse(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", _, "lambda", region, account, "layer", name, version] = parts[..] else { return None };
        Some(Self { scope: Scope::new(account, region)?, name: name.to_owned(), version: version.parse().ok()? })
    }
}

/// Takes the first part off when it fits and is not the last one, which is always the name.
fn leading<'p>(parts: &mut &[&'p str], fits: impl Fn(&str) -> bool) -> Option<&'p str> {
    match **parts {
        [first, ref rest @ ..] if !rest.is_empty() && fits(first) => {
            *parts = rest;
            Some(first)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, qualifier: Option<&str>) -> Result<String, String> {
        let scope = Scope::new("111122223333", "eu-west-1").unwrap();
        FunctionRef::parse(&scope, text, qualifier).map(|f| f.arn()).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn every_form_of_a_name_means_the_same_function() {
        let arn = "arn:aws:lambda:eu-west-1:111122223333:function:f";
        let plain =
            ["f", "function:f", "111122223333:function:f", "111122223333:f", "eu-west-1:111122223333:function:f"];
        for text in plain.into_iter().chain([arn]) {
            assert_eq!(parse(text, None), Ok(arn.to_owned()), "{text}");
            assert_eq!(parse(&format!("{text}:7"), None), Ok(format!("{arn}:7")), "{text}:7");
            assert_eq!(parse(text, Some("$LATEST")), Ok(format!("{arn}:$LATEST")), "{text} with $LATEST");
        }
    }

    #[test]
    fn names_that_look_like_prefixes_are_names() {
        let arn = |name: &str| format!("arn:aws:lambda:eu-west-1:111122223333:function:{name}");
        for name in ["function", "111122223333", "us-east-1"] {
            assert_eq!(parse(name, None), Ok(arn(name)));
        }
        assert_eq!(parse("my-function-1:live", None), Ok(arn("my-function-1:live")));
    }

    #[test]
    fn another_account_is_where_the_arn_says() {
        let arn = "arn:aws:lambda:eu-west-1:999999999999:function:f";
        assert_eq!(parse(arn, None), Ok(arn.to_owned()));
    }

    #[test]
    fn wrong_names_say_what_is_wrong() {
        let cases = [
            (
                "arn:aws:lambda:us-east-2:111122223333:function:f",
                None,
                "Functions from 'us-east-2' are not reachable in this region ('eu-west-1')".to_owned(),
            ),
            (
                "f:1",
                Some("2"),
                "The derived qualifier from the function name does not match the specified qualifier.".to_owned(),
            ),
            (
                "arn:aws:lambda:elsewhere:111122223333:function:f",
                None,
                "Functions from 'elsewhere' are not reachable in this region ('eu-west-1')".to_owned(),
            ),
            ("a:b:c:d", None, "'a:b:c:d' is neither a function's name nor its ARN".to_owned()),
        ];
        for (text, qualifier, message) in cases {
            assert_eq!(parse(text, qualifier), Err(message));
        }
    }
}
