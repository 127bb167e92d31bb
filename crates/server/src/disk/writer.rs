//! Writes the control plane's changes to disk in the order in which they were made: what was queued while the disk was busy
//! is written together, so that many callers wait for one flush.

use std::io;

use tokio::sync::{mpsc, oneshot};

use crate::disk::store::{Cleared, Store, Write};

/// So many calls at most share a flush. Most change one file, which is open until it is flushed.
const JOBS_MAX: usize = 64;

/// The way to the one thread that writes.
pub(crate) struct Writer(mpsc::UnboundedSender<Job>);

struct Job {
    work: Work,
    done: oneshot::Sender<io::Result<()>>,
}

enum Work {
    Write(Vec<Write>),
    Clear(Cleared),
}

/// Tells when the changes are on disk.
pub(crate) type Written = oneshot::Receiver<io::Result<()>>;

/// Waits until what was queued is on disk; where nothing was, there is nothing to wait for.
pub(crate) async fn on_disk(written: Option<Written>) -> io::Result<()> {
    match written {
        Some(written) => written.await.unwrap_or_else(|_gone| Err(io::Error::other("the writer ended"))),
        None => Ok(()),
    }
}

impl Writer {
    /// Starts the thread; it ends with the last handle.
    pub(crate) fn start(store: Store) -> io::Result<Self> {
        let (sender, mut queue) = mpsc::unbounded_channel::<Job>();
        let write = move || {
            let mut jobs = Vec::new();
            while queue.blocking_recv_many(&mut jobs, JOBS_MAX) > 0 {
                run(&store, jobs.drain(..));
            }
        };
        std::thread::Builder::new().name("records".to_owned()).spawn(write)?;
        Ok(Self(sender))
    }

    /// Queues changes. Called while the state is still locked, so that the disk sees changes in the order of the state.
    pub(crate) fn write(&self, writes: Vec<Write>) -> Written {
        self.queue(Work::Write(writes))
    }

    /// Queues the deletion of records, in the order of the state as well.
    pub(crate) fn clear(&self, what: Cleared) -> Written {
        self.queue(Work::Clear(what))
    }

    fn queue(&self, work: Work) -> Written {
        let (done, written) = oneshot::channel();
        // Where the thread is gone, `done` goes with it, and the receiver says so.
        drop(self.0.send(Job { work, done }));
        written
    }
}

/// Runs jobs in their order, and together what may be.
fn run(store: &Store, jobs: impl Iterator<Item = Job>) {
    let mut together = Vec::new();
    for Job { work, done } in jobs {
        match work {
            Work::Write(writes) => together.push((writes, done)),
            Work::Clear(what) => {
                write(store, std::mem::take(&mut together));
                tell(done, store.clear(what));
            }
        }
    }
    write(store, together);
}

/// Where one of the calls cannot be written, each is written once more by itself, so that the others do not hear of it.
fn write(store: &Store, calls: Vec<(Vec<Write>, oneshot::Sender<io::Result<()>>)>) {
    let is_written = store.write(calls.iter().flat_map(|(writes, _done)| writes)).is_ok();
    for (writes, done) in calls {
        tell(done, if is_written { Ok(()) } else { store.write(&writes) });
    }
}

/// A caller that has gone does not need to hear it.
fn tell(done: oneshot::Sender<io::Result<()>>, result: io::Result<()>) {
    drop(done.send(result));
}

#[cfg(test)]
mod tests {
    use fakecloud_durable::Quota;
    use fakecloud_lambda::Change;

    use super::*;

    fn put(key: &str, json: &str) -> Vec<Write> {
        vec![Change::Put { key: key.to_owned(), json: json.into() }.into()]
    }

    fn job(work: Work) -> (Job, Written) {
        let (done, written) = oneshot::channel();
        (Job { work, done }, written)
    }

    /// What each of the jobs hears, all of them run at once, and the records that are left.
    fn outcome(works: Vec<Work>) -> (Vec<bool>, Vec<(String, Vec<u8>)>) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("records"), Quota::unlimited()).unwrap();
        // No file can take the place of a folder.
        std::fs::create_dir(dir.path().join("records/folder.json")).unwrap();
        let (jobs, written): (Vec<Job>, Vec<Written>) = works.into_iter().map(job).unzip();
        run(&store, jobs.into_iter());
        let heard = written.into_iter().map(|mut written| written.try_recv().unwrap().is_ok()).collect();
        (heard, store.load().unwrap())
    }

    fn record(key: &str, json: &str) -> (String, Vec<u8>) {
        (key.to_owned(), json.into())
    }

    #[test]
    fn a_call_that_cannot_be_written_fails_alone() {
        let works = [put("a.json", "1"), put("folder.json", "2"), put("b.json", "3")].map(Work::Write);
        let (heard, records) = outcome(works.into());
        assert_eq!(heard, [true, false, true]);
        assert_eq!(records, [record("a.json", "1"), record("b.json", "3")]);
    }

    #[test]
    fn clearing_takes_what_was_before_and_leaves_what_comes_after() {
        let works = vec![Work::Write(put("a.json", "1")), Work::Clear(Cleared::All), Work::Write(put("b.json", "2"))];
        let (heard, records) = outcome(works);
        assert_eq!(heard, [true; 3]);
        assert_eq!(records, [record("b.json", "2")]);
    }

    #[tokio::test]
    async fn calls_queued_at_once_are_all_on_disk_once_told() {
        let dir = tempfile::tempdir().unwrap();
        let writer = Writer::start(Store::open(dir.path().to_owned(), Quota::unlimited()).unwrap()).unwrap();
        let key = |number: usize| format!("{}.json", number % 100);
        let written: Vec<_> =
            (0..3 * JOBS_MAX).map(|number| writer.write(put(&key(number), &number.to_string()))).collect();
        for written in written {
            on_disk(Some(written)).await.unwrap();
        }
        let last = std::fs::read_to_string(dir.path().join(key(3 * JOBS_MAX - 1))).unwrap();
        assert_eq!(last, (3 * JOBS_MAX - 1).to_string());
        assert_eq!(Store::open(dir.path().to_owned(), Quota::unlimited()).unwrap().load().unwrap().len(), 100);
    }
}
