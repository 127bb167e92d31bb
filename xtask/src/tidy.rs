//! The house rules that neither rustc nor clippy checks, as tests.

mod files;
mod links;
mod modules;
mod openings;
mod source;

use files::Files;
use links::Links;
use modules::Modules;
use openings::Openings;
use source::{Function, Source};

/// A file that a reader takes in at one go.
const FILE_LINES_MAX: usize = 300;

/// A function that fits on a screen; most are far shorter.
const FUNCTION_LINES_MAX: usize = 70;
const FUNCTION_LINES_P90_MAX: usize = 35;

/// What tasks compile by themselves.
const ASSETS: &str = "xtask/assets/";

/// The only file that imports `kube`.
const CLUSTER: &str = "crates/server/src/backends/k8s/api.rs";

/// What decides about execution environments, whatever they run on.
const OF_ANY_BACKEND: [&str; 2] = ["crates/pool/src/", "crates/server/src/environments/"];
const WORDS_OF_KUBERNETES: [&str; 5] = ["Pod", "Pods", "kube", "k8s_openapi", "fakecloud_podspec"];

/// Files that know the function as podspec has it, which the values of a function have in common with its Pods.
const KNOW_THE_FUNCTION: [&str; 3] = ["deployment.rs", "driver/inspect.rs", "emulator.rs"];

/// Doc comments that open with a clause instead of their subject, in per cent of a crate's.
const CLAUSES_PERCENT_MAX: usize = 6;

/// Crates whose comments are older than that limit. These shares may fall, not rise.
const CLAUSES_PERCENT_LEFT: [(&str, usize); 10] = [
    ("crates/artifacts/", 10),
    ("crates/durable/", 27),
    ("crates/events/", 21),
    ("crates/iam/", 19),
    ("crates/podspec/", 20),
    ("crates/pool/", 22),
    ("crates/registry/", 23),
    ("crates/server/", 18),
    ("crates/supervisor/", 14),
    ("xtask/", 15),
];

/// Work that is left for later belongs into an issue, where somebody finds it.
const LEFT: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const TEXT: [&str; 11] = ["js", "json", "md", "mjs", "py", "rs", "sh", "toml", "txt", "yaml", "yml"];

#[test]
fn every_source_file_says_what_it_is_for() {
    let files = Files::of_repository();
    refuse(
        files.with_extension("rs").filter(|path| !files.text(path).starts_with("//! ")),
        "does not open with `//! `",
    );
}

#[test]
fn every_source_file_is_compiled() {
    let files = Files::of_repository();
    let modules = Modules::walk(&files);
    let sources = files.with_extension("rs").filter(|path| !path.starts_with(ASSETS));
    refuse(sources.filter(|path| !modules.reaches(path)), "is declared by no `mod`");
}

#[test]
fn images_that_ours_is_made_of_are_pinned() {
    let text = Files::of_repository().text("Dockerfile").to_owned();
    let images: Vec<&str> = text
        .lines()
        .filter_map(|line| {
            line.strip_prefix("FROM ").or_else(|| line.strip_prefix("ARG ")?.split_once("_IMAGE=").map(|it| it.1))
        })
        .map(|line| line.split(' ').next().unwrap_or_default())
        .filter(|image| !image.starts_with("${"))
        .collect();
    assert_eq!(images.len(), 2, "this test looks at the wrong lines: {images:?}");
    let is_pinned = |image: &&str| {
        let digest = image.split_once("@sha256:").map_or("", |(_, digest)| digest);
        digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    refuse(images.iter().filter(|image| !is_pinned(image)), "names no digest");
}

#[test]
fn only_one_file_knows_kube() {
    let files = Files::of_repository();
    assert!(knows_kube(&files, CLUSTER), "{CLUSTER} does not import kube: this test looks at the wrong file");
    refuse(files.with_extension("rs").filter(|path| *path != CLUSTER && knows_kube(&files, path)), "uses kube");
}

#[test]
fn pool_and_environments_know_no_kubernetes() {
    let files = Files::of_repository();
    let of_any = |path: &&str| OF_ANY_BACKEND.iter().any(|folder| path.starts_with(folder));
    let mut found = Vec::new();
    for path in files.with_extension("rs").filter(of_any) {
        let knows_function = KNOW_THE_FUNCTION.iter().any(|known| path.ends_with(&format!("environments/{known}")));
        for (line, text) in files.text(path).lines().enumerate() {
            let known = kubernetes_in(text).filter(|word| !(knows_function && *word == "fakecloud_podspec"));
            found.extend(known.map(|word| format!("{path}:{}: {word}", line + 1)));
        }
    }
    refuse(found, "is a word of Kubernetes");
}

/// The words of Kubernetes in a line of code or comment. Messages in quotes may have some, for their readers.
fn kubernetes_in(line: &str) -> impl Iterator<Item = &str> {
    let plain = line.split('"').step_by(2);
    let words = plain.flat_map(|text| text.split(|char: char| !char.is_alphanumeric() && char != '_'));
    words.filter(|word| WORDS_OF_KUBERNETES.contains(word))
}

#[test]
fn words_of_kubernetes_are_found_in_code_and_comments() {
    let found = |line| kubernetes_in(line).collect::<Vec<_>>();
    assert_eq!(found("/// Two Pods and a Pod's name."), ["Pods", "Pod"]);
    assert_eq!(found("use k8s_openapi::api::core::v1::Pod;"), ["k8s_openapi", "Pod"]);
    assert!(found("limits(house, \"the Pods\", FAKECLOUD_LAMBDA_MAX_PODS)").is_empty());
}

#[test]
fn doc_comments_open_with_their_subject() {
    let files = Files::of_repository();
    let crates: Vec<&str> = files.paths().filter_map(|path| path.strip_suffix("Cargo.toml")).collect();
    let mut found = Vec::new();
    for package in crates.into_iter().filter(|package| !package.is_empty()) {
        let mut openings = Openings::default();
        let sources = format!("{package}src/");
        let of_package = |path: &&str| path.starts_with(&sources) && !path.contains("/shapes/");
        files.with_extension("rs").filter(of_package).for_each(|path| openings.read(path, files.text(path)));
        let left = CLAUSES_PERCENT_LEFT.iter().find(|(known, _)| *known == package).map(|(_, percent)| *percent);
        let most = left.unwrap_or(CLAUSES_PERCENT_MAX);
        if openings.percent() > most {
            let (percent, places) = (openings.percent(), openings.clauses.join(", "));
            found.push(format!("{package}: {percent} % (at most {most} %) of its doc comments, {places}"));
        }
    }
    refuse(found, "open with a clause (What, Whether, Where, ...) instead of their subject");
}

#[test]
fn files_are_short() {
    let long = production().into_iter().filter(|source| source.lines > FILE_LINES_MAX);
    refuse(long.map(|it| format!("{}: {} lines", it.path, it.lines)), &format!("is over {FILE_LINES_MAX} lines"));
}

#[test]
fn functions_fit_on_a_screen() {
    let mut long = Vec::new();
    for source in production() {
        let is_long = |it: &&Function| it.lines > FUNCTION_LINES_MAX && !it.is_flat_match;
        for function in source.functions.iter().filter(is_long) {
            long.push(format!("{}:{} {}, {} lines", source.path, function.line, function.name, function.lines));
        }
    }
    refuse(long, &format!("is over {FUNCTION_LINES_MAX} lines"));
}

#[test]
fn most_functions_are_far_shorter() {
    let mut lines: Vec<usize> =
        production().iter().flat_map(|source| source.functions.iter().map(|it| it.lines)).collect();
    lines.sort_unstable();
    let p90 = lines[lines.len() * 9 / 10];
    assert!(p90 <= FUNCTION_LINES_P90_MAX, "one function of ten has {p90} lines or more");
}

#[test]
fn nothing_is_left_for_later() {
    let files = Files::of_repository();
    let text = TEXT.iter().flat_map(|extension| files.with_extension(extension));
    refuse(text.filter(|path| LEFT.iter().any(|mark| files.text(path).contains(mark))), "holds a note of work to do");
}

#[test]
fn no_snapshot_waits_for_review() {
    let files = Files::of_repository();
    let pending = |path: &&str| path.ends_with(".snap.new") || path.ends_with(".pending-snap");
    refuse(files.paths().filter(pending), "waits for review (cargo insta review)");
}

#[test]
fn documents_mention_only_what_exists() {
    let files = Files::of_repository();
    let links = Links::new(&files);
    let documents: Vec<&str> = files.with_extension("md").collect();
    assert!(documents.contains(&"README.md"), "no README.md among {documents:?}");
    refuse(documents.into_iter().flat_map(|path| links.broken(path)), "does not exist");
}

/// Every file whose code is shipped or run by developers, generated code and tests left out.
fn production() -> Vec<Source> {
    let files = Files::of_repository();
    let modules = Modules::walk(&files);
    let sources = modules.production().map(|path| Source::parse(path, files.text(path)));
    let sources: Vec<Source> = sources.filter(|source| !source.is_generated).collect();
    assert!(sources.iter().any(|it| it.path == CLUSTER), "{CLUSTER} is not among the files that are checked");
    sources
}

fn knows_kube(files: &Files, path: &str) -> bool {
    Source::parse(path, files.text(path)).uses_kube
}

/// Fails with a line for each violation.
fn refuse(violations: impl IntoIterator<Item = impl std::fmt::Display>, what: &str) {
    let lines: Vec<String> = violations.into_iter().map(|it| format!("{it}: {what}")).collect();
    assert!(lines.is_empty(), "\n{}", lines.join("\n"));
}
