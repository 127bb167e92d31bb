//! What a source file is made of: how long it and its functions are, and whether it uses `kube`.

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, ImplItemFn, ItemFn, ItemImpl, ItemMod, Signature, Stmt, TraitItemFn};

/// A parsed file.
pub(super) struct Source {
    pub(super) path: String,
    /// Those of its tests left out.
    pub(super) lines: usize,
    /// Those of its tests left out.
    pub(super) functions: Vec<Function>,
    /// Whether a program wrote it.
    pub(super) is_generated: bool,
    pub(super) uses_kube: bool,
}

/// A function with a body.
#[derive(Debug, PartialEq)]
pub(super) struct Function {
    pub(super) name: String,
    /// Where its signature begins, from 1.
    pub(super) line: usize,
    /// From its signature to its closing brace.
    pub(super) lines: usize,
    /// Whether it only tells cases apart: a `match` of arms with a few lines each, which grows with what it matches.
    pub(super) is_flat_match: bool,
}

/// An arm that is longer deserves a name.
const ARM_LINES_MAX: usize = 5;

/// Collects what belongs to production.
#[derive(Default)]
struct Production {
    functions: Vec<Function>,
    test_lines: BTreeSet<usize>,
}

/// Whether an item exists in test builds only.
pub(super) fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        path.is_ident("test")
            || path.is_ident("cfg")
                && attribute
                    .meta
                    .require_list()
                    .is_ok_and(|list| list.tokens.clone().into_iter().any(|token| token.to_string() == "test"))
    })
}

// === impl Source ===

impl Source {
    /// Parses a file that rustc accepts.
    pub(super) fn parse(path: &str, text: &str) -> Self {
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut production = Production::default();
        production.visit_file(&file);
        let Production { functions, test_lines } = production;
        Self {
            path: path.to_owned(),
            lines: text.lines().count() - test_lines.len(),
            functions,
            is_generated: text.lines().take_while(|line| line.starts_with("//!")).any(|it| it.contains("@generated")),
            uses_kube: uses_kube(text.parse().expect("what syn parses consists of tokens")),
        }
    }
}

/// Whether a body ends in a `match` of short arms, with no more than an arm's lines before it.
fn is_flat_match(body: &Block) -> bool {
    let Some(Stmt::Expr(Expr::Match(cases), None)) = body.stmts.last() else { return false };
    let before = cases.span().start().line - body.span().start().line;
    before <= ARM_LINES_MAX && cases.arms.iter().all(|arm| lines(arm.body.span()).len() <= ARM_LINES_MAX)
}

/// Whether there is a path that begins with `kube`.
fn uses_kube(tokens: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: usize, text: &str| tokens.get(at).is_some_and(|it| it.to_string() == text);
    let begins_path = |at: usize| is(at + 1, ":") && is(at + 2, ":");
    let is_imported = |at: usize| at > 0 && (is(at - 1, "use") || is(at - 1, "crate"));
    (0..tokens.len()).any(|at| match &tokens[at] {
        TokenTree::Group(group) => uses_kube(group.stream()),
        TokenTree::Ident(ident) => ident == "kube" && (begins_path(at) || is_imported(at)),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

// === impl Production ===

impl Production {
    /// Whether an item is more than a test; notes the lines of one that is not.
    fn is_shipped(&mut self, attributes: &[Attribute], span: Span) -> bool {
        let shipped = !is_test_only(attributes);
        if !shipped {
            self.test_lines.extend(lines(span));
        }
        shipped
    }

    fn add(&mut self, signature: &Signature, body: &Block) {
        let lines = lines(signature.span().join(body.span()).unwrap_or_else(|| body.span()));
        self.functions.push(Function {
            name: signature.ident.to_string(),
            line: lines.start,
            lines: lines.len(),
            is_flat_match: is_flat_match(body),
        });
    }
}

impl<'ast> Visit<'ast> for Production {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if self.is_shipped(&module.attrs, module.span()) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_impl(&mut self, block: &'ast ItemImpl) {
        if self.is_shipped(&block.attrs, block.span()) {
            visit::visit_item_impl(self, block);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        if self.is_shipped(&function.attrs, function.span()) {
            self.add(&function.sig, &function.block);
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(body) = &function.default {
            self.add(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn lines(span: Span) -> std::ops::Range<usize> {
    span.start().line..span.end().line + 1
}

#[cfg(test)]
mod tests {
    use super::{Function, Source};

    const TEXT: &str = r#"//! A file.

use a::b;

impl A {
    /// Documented.
    fn method(
        &self,
    ) {
        inner();
    }
}

trait T {
    fn declared();
}

fn one() {}

#[cfg(test)]
mod tests {
    #[test]
    fn claim() {
        one();
    }
}
"#;

    #[test]
    fn functions_count_from_signature_to_brace_and_tests_do_not_count() {
        let source = Source::parse("a.rs", TEXT);
        let function = |name: &str, line, lines| Function { name: name.to_owned(), line, lines, is_flat_match: false };
        assert_eq!(source.functions, [function("method", 7, 5), function("one", 18, 1)]);
        assert_eq!(source.lines, 19);
    }

    #[test]
    fn a_match_is_flat_while_each_arm_is_short() {
        let is_flat = |body: &str| Source::parse("a.rs", &format!("fn a() {{\n{body}\n}}")).functions[0].is_flat_match;
        assert!(is_flat("match b {\n1 => {\nc();\nd();\ne();\n}\n_ => f(),\n}"));
        assert!(!is_flat("match b {\n1 => {\nc();\nd();\ne();\ne();\n}\n_ => f(),\n}"), "six lines in an arm");
        assert!(!is_flat("b();\nb();\nb();\nb();\nb();\nmatch b {\n_ => f(),\n}"), "six lines before the match");
        assert!(!is_flat("match b {\n_ => f(),\n}\ng()"), "a call after the match");
    }

    #[test]
    fn generated_code_says_so_at_its_top() {
        assert!(Source::parse("a.rs", "//! Shapes.\n//!\n//! @generated by a task.\n").is_generated);
        assert!(!Source::parse("a.rs", "//! Writes files.\n\n//  says @generated\nfn a() {}").is_generated);
    }

    #[test]
    fn kube_is_found_wherever_a_path_may_begin() {
        for text in ["use kube::Api;", "use kube as k;", "fn a(x: Vec<kube::Client>) {}", "m!(kube::runtime::watch());"]
        {
            assert!(Source::parse("a.rs", text).uses_kube, "{text}");
        }
        for text in ["use kubert::A;", "//! use kube::Api", "fn a() { b(\"kube::x\") }", "fn kube() {}"] {
            assert!(!Source::parse("a.rs", text).uses_kube, "{text}");
        }
    }
}
