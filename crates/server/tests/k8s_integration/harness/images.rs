//! Images of functions that a test pushes as users push them.

use super::{Containerd, ImageLayout, Namespace, Skopeo, digest_of, place, unique};

const PYTHON: &str = "public.ecr.aws/lambda/python:3.12";

/// The image's functions; `one` becomes the text that an image is told by.
const APP: &str = "
import os

def answer(handler):
    return {'image': 'one', 'handler': handler, 'directory': os.getcwd(), 'entry': os.environ.get('ENTRY')}

def handler(event, context):
    return answer('handler')

def other(event, context):
    return answer('other')
";

/// Images that a test pushes to a repository which no other test has.
pub(crate) struct Images {
    pub(crate) name: String,
    layout: ImageLayout,
    skopeo: Skopeo,
}

impl Images {
    pub(crate) fn new(ns: &Namespace) -> Self {
        let layout = ImageLayout::of(ns, &Containerd::export(ns, PYTHON));
        Self { name: format!("team/test-{}", unique()), layout, skopeo: Skopeo::new(ns) }
    }

    /// Pushes an image whose functions say this text, and gives its digest.
    pub(crate) fn push(&self, registry: &str, tag: &str, text: &str) -> String {
        self.push_with(&[], registry, tag, text)
    }

    pub(crate) fn push_with(&self, options: &[&str], registry: &str, tag: &str, text: &str) -> String {
        let app = APP.replace("'one'", &format!("'{text}'"));
        let files = ["var/task/app.py", "srv/app.py"].map(|path| (path, app.as_bytes()));
        let image = self.layout.with_files("amd64", &files, &["app.handler"]);
        self.layout.name(text, &image);
        let options = [&["--preserve-digests"], options].concat();
        let to = format!("docker://{}", self.uri(registry, tag));
        self.skopeo.copy(&place("oci", &self.layout.dir, text), &to, &options);
        digest_of(&image).to_owned()
    }

    pub(crate) fn uri(&self, registry: &str, tag: &str) -> String {
        format!("{registry}/{}:{tag}", self.name)
    }

    /// Lets the node forget them.
    pub(crate) fn remove(&self) {
        Containerd::remove(&self.name);
    }
}
