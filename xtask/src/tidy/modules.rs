//! Which files cargo and `mod` reach, and which of them only tests do.

use std::collections::BTreeMap;

use syn::{Expr, ExprLit, Item, ItemMod, Lit, Meta};

use super::files::Files;
use super::source::is_test_only;

/// Every file that is compiled.
pub(super) struct Modules {
    reached: BTreeMap<String, Kind>,
}

/// What a file is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Test,
    Production,
}

// === impl Modules ===

impl Modules {
    /// Follows every `mod` from the targets that cargo finds by itself.
    pub(super) fn walk(files: &Files) -> Self {
        let mut modules = Self { reached: BTreeMap::new() };
        let manifests = files.paths().filter_map(|path| path.strip_suffix("Cargo.toml"));
        let packages: Vec<&str> = manifests.collect();
        for path in files.with_extension("rs") {
            // The longest of the directories with a manifest is the file's package.
            let package = packages.iter().filter(|dir| path.starts_with(**dir)).max_by_key(|dir| dir.len());
            let target = package.and_then(|dir| target(&path[dir.len()..]));
            if let Some(kind) = target {
                modules.enter(files, path, kind, parent(path));
            }
        }
        modules
    }

    pub(super) fn reaches(&self, path: &str) -> bool {
        self.reached.contains_key(path)
    }

    /// The files that not only tests reach.
    pub(super) fn production(&self) -> impl Iterator<Item = &str> {
        self.reached.iter().filter(|(_, kind)| **kind == Kind::Production).map(|(path, _)| path.as_str())
    }

    /// Notes a file, and follows its `mod`s into the directory `children`.
    fn enter(&mut self, files: &Files, path: &str, kind: Kind, children: &str) {
        if self.reached.get(path).is_some_and(|known| *known >= kind) {
            return;
        }
        self.reached.insert(path.to_owned(), kind);
        let file = syn::parse_file(files.text(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        self.follow(files, path, &file.items, kind, children);
    }

    fn follow(&mut self, files: &Files, path: &str, items: &[Item], kind: Kind, children: &str) {
        let modules = items.iter().filter_map(|item| if let Item::Mod(it) = item { Some(it) } else { None });
        for module in modules {
            let kind = if is_test_only(&module.attrs) { Kind::Test } else { kind };
            let dir = format!("{children}/{}", module.ident);
            if let Some((_, items)) = &module.content {
                self.follow(files, path, items, kind, &dir);
            } else if let Some(named) = path_attribute(module) {
                let file = joined(parent(path), &named);
                self.enter(files, &file, kind, parent(&file));
            } else if files.has(&format!("{dir}.rs")) {
                self.enter(files, &format!("{dir}.rs"), kind, &dir);
            } else {
                self.enter(files, &format!("{dir}/mod.rs"), kind, &dir);
            }
        }
    }
}

/// What cargo compiles this file of a package for, if it is the root of a target.
fn target(path: &str) -> Option<Kind> {
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        ["build.rs"] | ["src", "lib.rs" | "main.rs"] => Some(Kind::Production),
        ["src", "bin", _] | ["src", "bin", _, "main.rs"] => Some(Kind::Production),
        ["examples" | "benches" | "fuzz_targets", _] | ["examples" | "benches", _, "main.rs"] => Some(Kind::Production),
        ["tests", _] | ["tests", _, "main.rs"] => Some(Kind::Test),
        _ => None,
    }
}

/// The value of `#[path = "…"]`.
fn path_attribute(module: &ItemMod) -> Option<String> {
    let attribute = module.attrs.iter().find(|it| it.path().is_ident("path"))?;
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else { return None };
    Some(text.value())
}

/// A path that is relative to a directory, which it may leave upwards.
fn joined(dir: &str, path: &str) -> String {
    match path.strip_prefix("../") {
        Some(rest) => joined(parent(dir), rest),
        None if dir.is_empty() => path.to_owned(),
        None => format!("{dir}/{path}"),
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

#[cfg(test)]
mod tests {
    use super::{Files, Modules};

    #[test]
    fn modules_are_followed_and_strays_are_found() {
        let files = Files::of(&[
            ("Cargo.toml", ""),
            ("crates/a/Cargo.toml", ""),
            ("crates/a/src/lib.rs", "mod one; mod inline { mod deep; } #[path = \"odd/name.rs\"] mod other;"),
            ("crates/a/src/one.rs", "mod two; #[cfg(test)] mod tests;"),
            ("crates/a/src/one/two.rs", ""),
            ("crates/a/src/one/tests.rs", "mod cases;"),
            ("crates/a/src/one/tests/cases.rs", ""),
            ("crates/a/src/one/stray.rs", "mod two;"),
            ("crates/a/src/inline/deep.rs", ""),
            ("crates/a/src/odd/name.rs", ""),
            ("crates/a/src/two.rs", ""),
            ("crates/a/tests/it/main.rs", "mod case;"),
            ("crates/a/tests/it/case.rs", ""),
            ("crates/a/tests/it/forgotten.rs", ""),
            ("crates/a/fuzz/Cargo.toml", ""),
            ("crates/a/fuzz/fuzz_targets/f.rs", ""),
        ]);
        let modules = Modules::walk(&files);
        let strays: Vec<&str> = files.with_extension("rs").filter(|path| !modules.reaches(path)).collect();
        let forgotten = ["crates/a/src/one/stray.rs", "crates/a/src/two.rs", "crates/a/tests/it/forgotten.rs"];
        assert_eq!(strays, forgotten);
        let production: Vec<&str> = modules.production().collect();
        let shipped = ["fuzz/fuzz_targets/f", "src/inline/deep", "src/lib", "src/odd/name", "src/one", "src/one/two"];
        assert_eq!(production, shipped.map(|it| format!("crates/a/{it}.rs")));
    }

    #[test]
    fn what_tests_and_production_share_counts_as_production() {
        let files = Files::of(&[
            ("Cargo.toml", ""),
            ("src/lib.rs", "#[cfg(test)] #[path = \"shared.rs\"] mod a; #[path = \"shared.rs\"] mod b;"),
            ("src/shared.rs", ""),
        ]);
        assert_eq!(Modules::walk(&files).production().collect::<Vec<_>>(), ["src/lib.rs", "src/shared.rs"]);
    }

    #[test]
    fn a_module_may_lie_beside_the_directory_of_its_file() {
        let files = Files::of(&[
            ("a/Cargo.toml", ""),
            ("a/benches/b.rs", "#[path = \"../tests/it/harness.rs\"] mod harness;"),
            ("a/tests/it/harness.rs", ""),
            ("fuzz/Cargo.toml", ""),
            ("fuzz/fuzz_targets/f.rs", "#[path = \"../../a/src/read.rs\"] mod read;"),
            ("a/src/read.rs", "#[cfg(test)] #[path = \"read/tests.rs\"] mod tests;"),
            ("a/src/read/tests.rs", ""),
        ]);
        let modules = Modules::walk(&files);
        for reached in ["a/tests/it/harness.rs", "a/src/read.rs", "a/src/read/tests.rs"] {
            assert!(modules.reaches(reached), "{reached}");
        }
    }
}
