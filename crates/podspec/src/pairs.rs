//! Reads lists of `key=value` pairs, as operators write them into variables and tags.

use std::collections::BTreeMap;

/// Splits at commas and white space; a backslash takes the next character literally.
///
/// White space separates because the values of AWS tags have no commas
/// (<https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>).
pub(crate) fn items(text: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut item = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => item.extend(chars.next()),
            c if c == ',' || c.is_whitespace() => items.push(std::mem::take(&mut item)),
            c => item.push(c),
        }
    }
    items.push(item);
    items.retain(|item| !item.is_empty());
    items
}

/// Reads `key=value` items whose key and value the checks accept; the error says which item is wrong, and why.
pub(crate) fn pairs(
    text: &str,
    check: fn(&str, &str) -> Result<(), String>,
) -> Result<BTreeMap<String, String>, String> {
    let mut all = BTreeMap::new();
    for item in items(text) {
        let (key, value) =
            item.split_once('=').ok_or_else(|| format!("expected `key=value` pairs, but `{item}` has no `=`"))?;
        check(key, value)?;
        if all.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(format!("expected each key once, but `{key}` is there twice"));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_white_space_separate_and_backslash_does_not() {
        assert_eq!(items(" a=1,b=2\tc=3 ,, d "), ["a=1", "b=2", "c=3", "d"]);
        assert_eq!(items(r"note=a\,\ b\\c"), [r"note=a, b\c"]);
        assert!(items(" , ").is_empty());
    }

    #[test]
    fn value_may_contain_the_equals_sign() {
        let all = pairs("a=b=c,d=", |_, _| Ok(())).unwrap();
        assert_eq!(all, BTreeMap::from([("a".into(), "b=c".into()), ("d".into(), String::new())]));
    }

    #[test]
    fn wrong_item_is_named() {
        assert!(pairs("a=1,b", |_, _| Ok(())).unwrap_err().contains("`b` has no `=`"));
        assert!(pairs("a=1 a=2", |_, _| Ok(())).unwrap_err().contains("`a` is there twice"));
    }
}
