//! Password hashing off the async threads, and never more of it at once than the machine can bear.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use crate::error::Error;
use crate::model::{AccountHash, MailboxHash, Password};

/// How much hashing may cost, and how much of it at once.
#[derive(Copy, Clone, Debug)]
pub struct HashingLimits {
    /// Hashes worked on at once.
    pub threads: usize,
    /// Requests that may wait for a place; one more is told to come back.
    pub queue: usize,
    /// How long a request waits at most.
    pub wait: Duration,
    /// Memory of one hash, in KiB.
    pub memory_kib: u32,
    /// Passes of one hash.
    pub passes: u32,
}

/// Hashes and checks passwords with argon2id, in a bounded number of threads with a bounded queue before them.
#[derive(Clone)]
pub struct Hasher(Arc<Inner>);

struct Inner {
    argon2: Argon2<'static>,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    limits: HashingLimits,
    /// Checked when there is no account, so that a missing one takes as long as a wrong password.
    decoy: String,
}

impl Hasher {
    /// A hasher within `limits`.
    pub fn new(limits: HashingLimits) -> Result<Self, Error> {
        let params = Params::new(limits.memory_kib, limits.passes, 1, None)
            .map_err(|error| Error::defect(format!("argon2 parameters: {error}")))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash(&argon2, b"nobody's password")?;
        let places = Arc::new(Semaphore::new(limits.threads.max(1)));
        Ok(Self(Arc::new(Inner {
            argon2,
            places,
            waiting: AtomicUsize::new(0),
            limits,
            decoy,
        })))
    }

    /// The hash of a mailbox's password, in the form that Dovecot verifies.
    pub async fn mailbox_hash(&self, password: &Password) -> Result<MailboxHash, Error> {
        let phc = self.hash(password).await?;
        MailboxHash::from_stored(&format!("{{ARGON2ID}}{phc}"))
            .map_err(|_| Error::defect("an own hash is not accepted"))
    }

    /// The hash of a sign-in password.
    pub async fn account_hash(&self, password: &Password) -> Result<AccountHash, Error> {
        let phc = self.hash(password).await?;
        phc.parse()
            .map_err(|_| Error::defect("an own hash is not accepted"))
    }

    /// Whether `text` is the password behind `hash`. Without a hash it takes as long, and is not.
    pub async fn verify(&self, text: String, hash: Option<&AccountHash>) -> Result<bool, Error> {
        let known = hash.is_some();
        let stored = hash.map_or_else(|| self.0.decoy.clone(), |hash| hash.expose().to_owned());
        let matches = self
            .run(move |argon2| argon2.verify_password(text.as_bytes(), stored.as_str()).is_ok())
            .await?;
        Ok(known && matches)
    }

    async fn hash(&self, password: &Password) -> Result<String, Error> {
        let secret = SecretString::from(password.expose());
        self.run(move |argon2| hash(argon2, secret.expose_secret().as_bytes()))
            .await?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let busy = || Error::Overloaded { retry_after_s: 2 };
        let inner = Arc::clone(&self.0);
        let _waiting = Waiting::enter(&self.0).ok_or_else(busy)?;
        let place = tokio::time::timeout(inner.limits.wait, Arc::clone(&inner.places).acquire_owned());
        let place = place
            .await
            .map_err(|_| busy())?
            .map_err(|error| Error::defect(error.to_string()))?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&inner.argon2);
            drop(place);
            result
        });
        done.await.map_err(|error| Error::defect(error.to_string()))
    }
}

/// A place in the queue, given back when the request is served or given up.
struct Waiting<'a>(&'a Inner);

impl<'a> Waiting<'a> {
    fn enter(inner: &'a Inner) -> Option<Self> {
        let most = inner.limits.queue + inner.limits.threads;
        let before = inner.waiting.fetch_add(1, Ordering::AcqRel);
        let place = Self(inner);
        (before < most).then_some(place)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

fn hash(argon2: &Argon2<'static>, password: &[u8]) -> Result<String, Error> {
    let hash = argon2
        .hash_password(password)
        .map_err(|error| Error::defect(format!("argon2: {error}")))?;
    Ok(hash.to_string())
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hasher")
            .field("limits", &self.0.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap(threads: usize, queue: usize) -> Hasher {
        let wait = Duration::from_secs(30);
        Hasher::new(HashingLimits {
            threads,
            queue,
            wait,
            memory_kib: 8,
            passes: 1,
        })
        .unwrap()
    }

    #[tokio::test]
    async fn hashing_never_takes_more_threads_than_allowed_and_refuses_a_full_queue() {
        let hasher = cheap(2, 3);
        let running = Arc::new(AtomicUsize::new(0));
        let (release, gate) = std::sync::mpsc::channel::<()>();
        let gate = Arc::new(std::sync::Mutex::new(gate));
        let tasks: Vec<_> = (0..12)
            .map(|_| {
                let (hasher, running, gate) = (hasher.clone(), Arc::clone(&running), Arc::clone(&gate));
                tokio::spawn(async move {
                    hasher
                        .run(move |_| {
                            let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                            assert!(now <= 2, "{now} at once");
                            gate.lock().unwrap().recv().unwrap();
                            running.fetch_sub(1, Ordering::SeqCst);
                        })
                        .await
                })
            })
            .collect();
        while hasher.0.waiting.load(Ordering::SeqCst) < 5 {
            tokio::task::yield_now().await;
        }
        for _ in 0..5 {
            release.send(()).unwrap();
        }
        let mut refused = 0;
        for task in tasks {
            refused += usize::from(matches!(task.await.unwrap(), Err(Error::Overloaded { .. })));
        }
        assert_eq!(
            refused, 7,
            "two work, three wait, the others are told to come back"
        );
    }
}
