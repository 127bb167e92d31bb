//! moto's server, an emulator of the services that fakecloud does not serve.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};

use super::fakecloud::free_port;
use super::settings;
use super::{Lambda, Namespace, eventually, unique};

/// A moto that serves until the end of the test, on this host alone: no Pod reaches it but by way of fakecloud.
pub(crate) struct Moto {
    /// Its endpoint, for `FAKECLOUD_FORWARD_URL` and `AWS_ENDPOINT_URL`.
    pub(crate) url: String,
    process: Child,
}

impl Moto {
    /// Starts moto and waits until it serves; its log lies beside fakecloud's.
    pub(crate) fn start(namespace: &Namespace) -> Self {
        Self::start_at(namespace, free_port())
    }

    /// The same on a port that somebody was told already.
    pub(crate) fn start_at(namespace: &Namespace, port: u16) -> Self {
        let port = port.to_string();
        let log = namespace.dir().join(format!("moto-{}.log", unique()));
        let output = File::create(&log).expect("the namespace's directory is there");
        let process = Command::new("python3")
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port])
            .env("PYTHONPATH", settings::moto())
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a file has a second handle"))
            .stderr(output)
            .spawn()
            .expect("python3 is on PATH");
        let mut moto = Self { url: format!("http://127.0.0.1:{port}"), process };
        let client = Lambda::new(&moto.url);
        eventually("moto serves", || {
            if let Some(status) = moto.process.try_wait().expect("an own child can be waited for") {
                panic!("moto ended instead of serving: {status}\n{}", fs::read_to_string(&log).unwrap_or_default());
            }
            client.get("/moto-api/data.json").ok().filter(|answer| answer.status == 200)
        });
        moto
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.process.kill().expect("an own child can be killed");
        self.process.wait().expect("an own child can be waited for");
    }
}
