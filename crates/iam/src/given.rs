//! The parameters of a call, checked as they are taken.

use std::{borrow::Cow, collections::BTreeMap, ops::RangeInclusive};

use crate::{
    Error, ErrorCode,
    form::{Form, Refusal},
};

/// The most violations that one message tells. It counts all of them.
const TOLD_MAX: usize = 20;

/// The most bytes of a value that a message shows. Of a longer one it shows the beginning.
const SHOWN_BYTES_MAX: usize = 2048;

/// Parameters, and what is wrong with those that were taken.
pub(crate) struct Given<'c> {
    parameters: &'c BTreeMap<String, String>,
    /// Those that are told.
    violations: Vec<String>,
    violations_in_all: usize,
    /// AWS's own sentence about one of them, which it says instead.
    sentence: Option<String>,
}

impl<'c> Given<'c> {
    pub(crate) fn new(parameters: &'c BTreeMap<String, String>) -> Self {
        Self { parameters, violations: Vec::new(), violations_in_all: 0, sentence: None }
    }

    /// A text that must be there; empty if it is not.
    pub(crate) fn text(&mut self, name: &str, form: &Form) -> String {
        if !self.parameters.contains_key(name) {
            let at = at(name);
            self.note(|| format!("Value null at '{at}' failed to satisfy constraint: Member must not be null"));
        }
        self.optional(name, form).unwrap_or_default()
    }

    /// A text that may be there.
    pub(crate) fn optional(&mut self, name: &str, form: &Form) -> Option<String> {
        let value = self.parameters.get(name)?;
        self.check_form(&at(name), value, form);
        Some(value.clone())
    }

    /// A number that may be there.
    pub(crate) fn number(&mut self, name: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let value = self.parameters.get(name)?;
        let (min, max) = range.into_inner();
        let why = match value.parse::<i64>() {
            Err(_) => "be an integer".to_owned(),
            Ok(number) if number < min.into() => format!("have value greater than or equal to {min}"),
            Ok(number) if number > max.into() => format!("have value less than or equal to {max}"),
            Ok(number) => return u32::try_from(number).ok(),
        };
        self.violate(&at(name), value, &why);
        None
    }

    /// A boolean, false where it is missing.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        match self.parameters.get(name).map(String::as_str) {
            Some("true") => true,
            Some("false") | None => false,
            Some(value) => {
                self.violate(&at(name), value, "be true or false");
                false
            }
        }
    }

    /// The items of a list: `Name.member.1`, `Name.member.2`, …
    pub(crate) fn list(&mut self, name: &str, form: &Form) -> Vec<String> {
        let items = (1..).map_while(|number| self.parameters.get(&format!("{name}.member.{number}")));
        let items: Vec<String> = items.cloned().collect();
        for (index, item) in items.iter().enumerate() {
            self.check_form(&format!("{}.{}.member", at(name), index + 1), item, form);
        }
        items
    }

    /// The pairs of a list of structures with two members, of which the second may be left out.
    pub(crate) fn pairs(
        &mut self,
        name: &str,
        (key, key_form): (&str, &Form),
        (value, value_form): (&str, &Form),
    ) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for number in 1.. {
            let of = |member: &str| self.parameters.get(&format!("{name}.member.{number}.{member}"));
            let (Some(first), second) = (of(key), of(value)) else { break };
            let second = second.cloned().unwrap_or_default();
            let at = format!("{}.{number}.member", at(name));
            self.check_form(&format!("{at}.{}", self::at(key)), first, key_form);
            self.check_form(&format!("{at}.{}", self::at(value)), &second, value_form);
            pairs.push((first.clone(), second));
        }
        pairs
    }

    /// A violation that only the action itself can see.
    pub(crate) fn violate(&mut self, at: &str, value: &str, must: &str) {
        self.note(|| {
            let value = shown(value);
            format!("Value '{value}' at '{at}' failed to satisfy constraint: Member must {must}")
        });
    }

    fn note(&mut self, violation: impl FnOnce() -> String) {
        self.violations_in_all += 1;
        if self.violations.len() < TOLD_MAX {
            self.violations.push(violation());
        }
    }

    /// Ends the taking.
    ///
    /// # Errors
    ///
    /// `ValidationError` with all that is wrong.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        if let Some(sentence) = self.sentence.take() {
            return Err(Error::new(ErrorCode::ValidationError, sentence));
        }
        let count = self.violations_in_all;
        let errors = match count {
            0 => return Ok(()),
            1 => "error",
            _ => "errors",
        };
        let violations = self.violations.join("; ");
        Err(Error::new(ErrorCode::ValidationError, format!("{count} validation {errors} detected: {violations}")))
    }

    fn check_form(&mut self, at: &str, value: &str, form: &Form) {
        let Form { len_min, len_max, fits, refusal } = form;
        let chars = value.chars().count();
        if chars < *len_min {
            self.violate(at, value, &format!("have length greater than or equal to {len_min}"));
        }
        if chars > *len_max {
            self.violate(at, value, &format!("have length less than or equal to {len_max}"));
        }
        if fits(value) {
            return;
        }
        match refusal {
            Refusal::Pattern(pattern) => {
                self.violate(at, value, &format!("satisfy regular expression pattern: {pattern}"));
            }
            Refusal::OneOf(values) => self.violate(at, value, &format!("satisfy enum value set: {values}")),
            Refusal::Sentence(sentence) => {
                let sentence = format!("The specified value for {at} is invalid. {sentence}");
                self.sentence.get_or_insert(sentence);
            }
        }
    }
}

/// A parameter as errors name it: `roleName` for `RoleName`.
fn at(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

/// A value, or its beginning.
fn shown(value: &str) -> Cow<'_, str> {
    if value.len() <= SHOWN_BYTES_MAX {
        return value.into();
    }
    let end = (0..=SHOWN_BYTES_MAX).rev().find(|end| value.is_char_boundary(*end)).unwrap_or_default();
    format!("{}…", &value[..end]).into()
}
