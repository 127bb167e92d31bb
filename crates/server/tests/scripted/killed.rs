//! `kill -9` under a stream of writes: what was acknowledged is there, and all that is there can be read.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::api::Api;
use crate::archive::{base64_of, zip_of};
use crate::client::Client;
use crate::server::Server;

const ROUNDS: usize = 5;
const WRITERS: u64 = 8;

/// Each writer has so many functions of its own, so that it knows what they look like.
const FUNCTIONS_OF_A_WRITER: u64 = 3;

/// A function as its only writer knows it.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    description: u64,
    /// The number in its code.
    code: u64,
    /// How many versions were published.
    versions: u64,
    /// Whether something changed since the last one was.
    changed: bool,
}

/// What of it the server shows: description, code and versions.
type Shown = (u64, u64, u64);

/// What a function may be after the process was killed: as the last answer said, or, if a request got no answer, as
/// that one wanted it to be.
#[derive(Debug)]
struct Possible {
    answered: Option<Known>,
    unanswered: Option<Option<Known>>,
}

/// A stream of random writes to functions that nobody else writes to.
struct Writer {
    client: Client,
    random: u64,
    functions: BTreeMap<String, Option<Known>>,
}

#[tokio::test]
async fn killed_process_forgets_nothing_that_it_answered() {
    let api = Api::start().await;
    let mut server = Server::start(&api).await;
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 | 1;
    eprintln!("seed {seed}");
    let mut writers: Vec<Writer> = (0..WRITERS).map(|number| Writer::new(&server, number, seed)).collect();
    let mut answers = 0;
    for round in 0..ROUNDS {
        let killed = Arc::new(AtomicBool::new(false));
        let mut writing = JoinSet::new();
        for writer in writers.drain(..) {
            writing.spawn(writer.write_until(Arc::clone(&killed)));
        }
        let life = Duration::from_millis(100 + (seed >> round) % 400);
        tokio::time::sleep(life).await;
        server.restart().await;
        killed.store(true, Ordering::SeqCst);
        for (mut writer, possible, count) in writing.join_all().await {
            answers += count;
            for (name, possible) in possible {
                let found = writer.found(&name).await;
                let mut allowed = [Some(&possible.answered), possible.unanswered.as_ref()].into_iter().flatten();
                let Some(known) = allowed.find(|known| shown(known) == found) else {
                    panic!("{name} is {found:?} instead of {possible:?}");
                };
                writer.functions.insert(name, known.clone());
            }
            writers.push(writer);
        }
        assert_eq!(unfinished(server.data()), Vec::<String>::new());
    }
    assert!(answers > 10 * ROUNDS, "only {answers} answers: the test shows nothing");
}

#[tokio::test]
async fn record_that_cannot_be_read_is_named_with_what_to_do() {
    let api = Api::start().await;
    let mut server = Server::start(&api).await;
    server.create_function("hello").await;
    let record = server.data().join("records/000000000000/us-east-1/functions/hello.json");
    let whole = std::fs::read(&record).unwrap();
    std::fs::write(&record, &whole[..whole.len() / 2]).unwrap();
    let said = server.restart_refused().await;
    for words in ["FAKECLOUD_DATA_DIR=", record.to_str().unwrap(), "move it away", "EOF while parsing"] {
        assert!(said.contains(words), "{words} is missing: {said}");
    }
    std::fs::remove_file(&record).unwrap();
    server.restart().await;
    assert_eq!(server.get("/2015-03-31/functions").await["Functions"], json!([]));
}

impl Writer {
    fn new(client: &Client, number: u64, seed: u64) -> Self {
        let names = (0..FUNCTIONS_OF_A_WRITER).map(|function| (format!("function-{number}-{function}"), None));
        let random = seed.wrapping_mul(2 * number + 3) | 1;
        Self { client: client.clone(), random, functions: names.collect() }
    }

    /// Writes until the server is killed; gives what each function may be then, and how many requests were answered.
    async fn write_until(mut self, killed: Arc<AtomicBool>) -> (Self, BTreeMap<String, Possible>, usize) {
        let mut answers = 0;
        let mut unanswered = None;
        while !killed.load(Ordering::SeqCst) {
            let chosen = self.below(FUNCTIONS_OF_A_WRITER) as usize;
            let name = self.functions.keys().nth(chosen).unwrap().clone();
            let wanted = self.wanted(&name);
            match self.send(&name, &wanted).await {
                Ok(()) => {
                    answers += 1;
                    self.functions.insert(name, wanted);
                }
                Err(error) => {
                    assert!(!error.is_timeout(), "{error}");
                    unanswered = Some((name, wanted));
                    break;
                }
            }
        }
        let functions = self.functions.iter().map(|(name, known)| {
            let wanted = unanswered.as_ref().filter(|(of, _)| of == name).map(|(_, wanted)| wanted.clone());
            (name.clone(), Possible { answered: known.clone(), unanswered: wanted })
        });
        let functions = functions.collect();
        (self, functions, answers)
    }

    /// What a function is to be next.
    fn wanted(&mut self, name: &str) -> Option<Known> {
        let number = self.below(1 << 40);
        let Some(known) = self.functions[name].clone() else {
            return Some(Known { description: number, code: number, versions: 0, changed: true });
        };
        match self.below(8) {
            0 => None,
            1 | 2 => Some(Known { versions: known.versions + u64::from(known.changed), changed: false, ..known }),
            3 | 4 => Some(Known { code: number, changed: true, ..known }),
            _ => Some(Known { description: number, changed: true, ..known }),
        }
    }

    /// Sends the request that makes a function what it is to be.
    async fn send(&self, name: &str, wanted: &Option<Known>) -> Result<(), reqwest::Error> {
        let function = format!("/2015-03-31/functions/{name}");
        let (method, path, body) = match (&self.functions[name], wanted) {
            (_, None) => (Method::DELETE, function, Value::Null),
            (None, Some(new)) => (Method::POST, "/2015-03-31/functions".to_owned(), creation(name, new)),
            (Some(old), Some(new)) if old.code != new.code => {
                (Method::PUT, format!("{function}/code"), json!({ "ZipFile": archive(new.code) }))
            }
            (Some(old), Some(new)) if old.description != new.description => {
                let body = json!({ "Description": new.description.to_string() });
                (Method::PUT, format!("{function}/configuration"), body)
            }
            (Some(_), Some(_)) => (Method::POST, format!("{function}/versions"), json!({})),
        };
        let answer = self.client.request(method, &path).json(&body).send().await?;
        let status = answer.status();
        // An answer that does not arrive whole may be the end of the process.
        let text = answer.text().await?;
        assert!(status.is_success(), "{path}: {status} {text}");
        Ok(())
    }

    /// A function as the server shows it, its code downloaded.
    async fn found(&self, name: &str) -> Option<Shown> {
        let function = format!("/2015-03-31/functions/{name}");
        let (status, shown) = self.client.ask(Method::GET, &function, &Value::Null).await;
        if status == 404 {
            return None;
        }
        let configuration = &shown["Configuration"];
        let versions = self.client.get(&format!("{function}/versions")).await;
        let location = shown["Code"]["Location"].as_str().unwrap();
        let path = location.splitn(4, '/').nth(3).unwrap();
        let code = self.client.request(Method::GET, &format!("/{path}")).send().await.unwrap();
        let code = code.error_for_status().unwrap().bytes().await.unwrap();
        let description = configuration["Description"].as_str().unwrap().parse().unwrap();
        Some((description, number_in(&code), versions["Versions"].as_array().unwrap().len() as u64 - 1))
    }

    /// A number below `end`, by xorshift.
    fn below(&mut self, end: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % end
    }
}

fn shown(known: &Option<Known>) -> Option<Shown> {
    known.as_ref().map(|known| (known.description, known.code, known.versions))
}

fn creation(name: &str, new: &Known) -> Value {
    json!({
        "FunctionName": name,
        "Runtime": "python3.12",
        "Handler": "app.handler",
        "Role": "arn:aws:iam::000000000000:role/any",
        "Description": new.description.to_string(),
        "Code": { "ZipFile": archive(new.code) },
    })
}

fn archive(code: u64) -> String {
    base64_of(&zip_of(&code.to_string()))
}

fn number_in(archive: &[u8]) -> u64 {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    std::io::read_to_string(archive.by_index(0).unwrap()).unwrap().parse().unwrap()
}

/// The files below a folder that a write did not finish.
fn unfinished(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(unfinished(&path));
        } else if path.file_name().unwrap().to_str().unwrap().starts_with(".tmp") {
            found.push(path.display().to_string());
        }
    }
    found
}
