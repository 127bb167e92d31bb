//! Faults of a call, told before its archive is fetched and stored.

use crate::{Archive, Call, Code, Error, Lambda, Moment, Operation, Scope, Stored, arn::FunctionRef};

impl Lambda {
    /// Checks a call with an archive as [`Lambda::apply`] will, but for what only the archive's content tells, so that the
    /// archive of a call that fails is never stored.
    ///
    /// # Errors
    ///
    /// Those of [`Lambda::apply`].
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "three operations bring archives; no other has anything to check"
    )]
    pub fn check(&self, scope: &Scope, moment: &Moment, call: &Call) -> Result<(), Error> {
        let Some(archive) = call.archive() else { return Ok(()) };
        let code = Some(Code::Archive(stand_in(&archive)));
        match call.operation() {
            Operation::CreateFunction => self.new_function(scope, moment, call.input()?, code).map(drop),
            Operation::UpdateFunctionCode => {
                let input: crate::shapes::UpdateFunctionCodeRequest = call.input()?;
                let target = FunctionRef::parse(scope, &input.function_name, None)?;
                self.with_new_code(&target, moment, input, code).map(drop)
            }
            Operation::PublishLayerVersion => self.new_content(scope, &call.input()?, code).map(drop),
            _ => Ok(()),
        }
    }
}

/// An archive of which only the length is known, if that.
fn stand_in(archive: &Archive<'_>) -> Stored {
    let size = match archive {
        Archive::Inline(zip) => zip.len() as u64,
        Archive::S3(_) => 0,
    };
    Stored { sha256_base64: String::new(), sha256_hex: String::new(), size, unzipped: 0 }
}
