//! Archives of real packers, made by `tests/packers/make.py`: each unpacks to what its packer meant.

use std::io::Cursor;

use fakecloud_artifacts::{Limits, check_zip, write_layer_tar};

use crate::model::{Node, untar};

/// The tree of an archive, a line for each entry, and the remarks on it.
fn listing(archive: &[u8]) -> String {
    let summary = check_zip(Cursor::new(archive), &Limits::default()).unwrap();
    let mut tar = Vec::new();
    write_layer_tar(&mut [Cursor::new(archive)], &Limits::default(), &mut tar).unwrap();
    let entries = untar(&tar).into_iter().map(|(path, node)| match node {
        Node::Directory(mode, _) => format!("{path}/ {:o}", mode.unwrap()),
        Node::File(mode, content) => format!("{path} {mode:o} {:?}", String::from_utf8_lossy(&content)),
        Node::Link(target) => format!("{path} -> {target}"),
    });
    let remarks = summary.remarks.iter().map(|remark| format!("remark: {:?} {}", remark.about, remark.entry));
    entries.chain(remarks).collect::<Vec<_>>().join("\n")
}

#[test]
fn python_with_zip64_extras_and_duplicates() {
    insta::assert_snapshot!(listing(include_bytes!("../packers/python.zip")), @r#"
    app.py 600 "new = 2\n"
    lib/ 700
    streamed.py 600 "x = 1\n"
    remark: OwnerOnly "app.py"
    "#);
}

#[test]
fn python_to_what_cannot_seek() {
    insta::assert_snapshot!(listing(include_bytes!("../packers/python-stream.zip")), @r#"
    plain.py 600 "y = 1\n"
    streamed.py 600 "x = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\nx = 1\n"
    remark: OwnerOnly "plain.py"
    "#);
}

#[test]
fn jar_whose_modes_have_all_bits_set() {
    insta::assert_snapshot!(listing(include_bytes!("../packers/all-ones.jar")), @r#"
    META-INF/ 777
    META-INF/MANIFEST.MF 777 "Manifest-Version: 1.0\n"
    a/B.class 777 "Êþ"
    "#);
}

/// The archive of the test on a cluster.
#[test]
fn function_with_all_of_it() {
    let listing = listing(include_bytes!("../packers/function.zip"));
    let (before, after) = listing.split_once("app.py 777").unwrap();
    assert!(before.is_empty() && !after.contains("the earlier entry"), "{listing}");
    let (_, after) = after.split_once('\n').unwrap();
    insta::assert_snapshot!(after, @r#"
    dangling -> ../nowhere
    lib\helper.txt 644 ""
    modules -> /opt/python
    private 600 "read by its owner"
    streamed.py 644 "x = 1\n"
    remark: Backslash "lib\\helper.txt"
    remark: OwnerOnly "private"
    "#);
}

#[test]
fn jar_of_the_jdk() {
    insta::assert_snapshot!(listing(include_bytes!("../packers/java.jar")), @r#"
    META-INF/ 755
    META-INF/MANIFEST.MF 644 "Manifest-Version: 1.0\r\nCreated-By: 17.0.15 (Debian)\r\n\r\n"
    com/ 755
    com/example/ 755
    com/example/Handler.class 644 "����"
    "#);
}

#[test]
fn windows_powershell_with_backslashes() {
    insta::assert_snapshot!(listing(include_bytes!("../packers/powershell.zip")), @r#"
    index.js 644 "exports.x = 1\n"
    lib\helper.js 644 "exports.x = 1\n"
    remark: Backslash "lib\\helper.js"
    "#);
}

#[test]
fn macos_with_apple_doubles_and_sizes_after_the_data() {
    insta::assert_snapshot!(listing(include_bytes!("../packers/macos.zip")), @r#"
    __MACOSX/ 755
    __MACOSX/app/ 755
    __MACOSX/app/._index.js 644 "exports.x = 1\n"
    app/ 755
    app/index.js 644 "exports.x = 1\n"
    "#);
}

#[test]
fn info_zip_with_links_of_all_kinds() {
    insta::assert_snapshot!(listing(include_bytes!("../packers/infozip.zip")), @r##"
    bin/ 755
    bin/outside -> ../../outside
    bin/tool 755 "#!/bin/sh\n"
    dangling -> nowhere
    node_modules -> /opt/nodejs/node_modules
    round -> round
    "##);
}

#[test]
fn go_with_sizes_after_the_data() {
    insta::assert_snapshot!(listing(include_bytes!("../packers/go.zip")), @r##"
    bootstrap 644 "#!/bin/sh\n"
    lib/ 755
    lib/config 644 "key=value\n"
    lib/current -> /opt/lib/v2
    "##);
}
