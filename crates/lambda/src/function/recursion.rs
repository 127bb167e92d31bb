//! Recursive loop detection as a record: PutFunctionRecursionConfig and GetFunctionRecursionConfig.

use crate::{
    Applied, Error, Lambda, Response, Scope,
    arn::FunctionRef,
    shapes::{
        GetFunctionRecursionConfigRequest, GetFunctionRecursionConfigResponse, PutFunctionRecursionConfigRequest,
        PutFunctionRecursionConfigResponse,
    },
};

const ALLOW: &str = "Allow";

impl Lambda {
    pub(crate) fn put_recursion(
        &mut self,
        scope: &Scope,
        input: PutFunctionRecursionConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, None)?;
        let mut function = self.function(&target)?.clone();
        let allows = input.recursive_loop == ALLOW;
        let shown = PutFunctionRecursionConfigResponse { recursive_loop: Some(input.recursive_loop) };
        let response = Response::json(200, &shown);
        if function.allows_recursion == allows {
            return Ok(Applied::read(response));
        }
        function.allows_recursion = allows;
        Ok(Applied::changed(response, self.save_function(&target, function)))
    }

    pub(crate) fn get_recursion(
        &self,
        scope: &Scope,
        input: &GetFunctionRecursionConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, None)?;
        let recursive_loop = if self.function(&target)?.allows_recursion { ALLOW } else { "Terminate" };
        let shown = GetFunctionRecursionConfigResponse { recursive_loop: Some(recursive_loop.to_owned()) };
        Ok(Applied::read(Response::json(200, &shown)))
    }
}
