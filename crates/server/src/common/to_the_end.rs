//! Work that runs to its end, whether somebody waits for it or not.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// Runs where it is awaited; dropped before its end, it goes on in a task of its own. As long as somebody waits, this saves
/// that task and the way to it and back.
pub(crate) struct ToTheEnd<F: Future<Output: Send> + Send + 'static>(Option<Pin<Box<F>>>);

impl<F: Future<Output: Send> + Send + 'static> ToTheEnd<F> {
    pub(crate) fn new(work: F) -> Self {
        Self(Some(Box::pin(work)))
    }
}

impl<F: Future<Output: Send> + Send + 'static> Future for ToTheEnd<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // Work that panics is not to go on.
        let mut work = self.0.take().expect("nobody awaits what has ended");
        let polled = work.as_mut().poll(context);
        if polled.is_pending() {
            self.0 = Some(work);
        }
        polled
    }
}

impl<F: Future<Output: Send> + Send + 'static> Drop for ToTheEnd<F> {
    fn drop(&mut self) {
        // Without a runtime the process ends.
        if let (Some(work), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            drop(runtime.spawn(work));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_that_is_awaited_gives_its_result() {
        assert_eq!(ToTheEnd::new(async { 7 }).await, 7);
    }

    #[tokio::test]
    async fn work_that_nobody_awaits_any_more_goes_on() {
        let ((go, gone), (end, ended)) = (oneshot::channel(), oneshot::channel());
        let mut work = ToTheEnd::new(async move { end.send(gone.await) });
        tokio::select! {
            biased;
            _ = &mut work => panic!("nothing let it end"),
            () = std::future::ready(()) => drop(work),
        }
        go.send(7).unwrap();
        assert_eq!(ended.await.unwrap(), Ok(7));
    }

    #[tokio::test]
    async fn work_that_panicked_does_not_go_on() {
        let (end, ended) = oneshot::channel::<()>();
        let work = ToTheEnd::new(async move {
            let _end = end;
            panic!("this must reach whoever awaits the work");
        });
        let awaiting = tokio::spawn(work);
        assert!(awaiting.await.unwrap_err().is_panic());
        assert!(ended.await.is_err());
    }
}
