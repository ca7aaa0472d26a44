//! Mail clients of the smallest kind: they say what a user or another mail server would see.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::lab::Lab;
use crate::support::daemon::PATIENCE;

/// Asks until the answer is good, and panics with the last bad one when patience ends.
pub(crate) async fn eventually(what: &str, mut probe: impl AsyncFnMut() -> Result<(), String>) {
    let deadline = Instant::now() + PATIENCE;
    while let Err(problem) = probe().await {
        assert!(Instant::now() < deadline, "{what}: {problem}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A message of a stranger.
pub(crate) struct Message {
    subject: String,
    size: usize,
}

impl Message {
    pub(crate) fn new(subject: &str) -> Self {
        Self::of_size(subject, 100)
    }

    pub(crate) fn of_size(subject: &str, size: usize) -> Self {
        Self {
            subject: subject.to_owned(),
            size,
        }
    }
}

/// What an SMTP server says.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) text: String,
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.text)
    }
}

impl Lab {
    /// Brings a message as another mail server would; the first refusal, or the last reply.
    pub(crate) async fn smtp_deliver(&self, from: &str, to: &str, message: &Message) -> Reply {
        let (mut talk, refusal) = self.smtp_envelope(&format!("MAIL FROM:<{from}>"), to).await;
        if let Some(refusal) = refusal {
            return refusal;
        }
        let reply = talk.smtp("DATA").await;
        if reply.code != 354 {
            return reply;
        }
        talk.send(&format!(
            "From: <{from}>\r\nTo: <{to}>\r\nSubject: {}\r\n",
            message.subject
        ))
        .await;
        for _ in 0..=message.size / 70 {
            talk.send(&"x".repeat(68)).await;
        }
        talk.smtp(".").await
    }

    /// Announces a message of a size, as another mail server would; the reply to RCPT.
    pub(crate) async fn smtp_announce(&self, from: &str, to: &str, size: u64) -> Reply {
        let (mut talk, refusal) = self
            .smtp_envelope(&format!("MAIL FROM:<{from}> SIZE={size}"), to)
            .await;
        match refusal {
            Some(refusal) => refusal,
            None => talk.smtp("NOOP").await,
        }
    }

    async fn smtp_envelope(&self, mail_from: &str, to: &str) -> (Talk, Option<Reply>) {
        let mut talk = Talk::open(Ipv4Addr::LOCALHOST, self.at(self.layout.ports.smtp)).await;
        let greeting = talk.reply().await;
        if greeting.code != 220 {
            return (talk, Some(greeting));
        }
        for command in ["EHLO stranger.test", mail_from, &format!("RCPT TO:<{to}>")] {
            let reply = talk.smtp(command).await;
            if reply.code != 250 {
                return (talk, Some(reply));
            }
        }
        (talk, None)
    }

    /// Logs in by IMAP.
    pub(crate) async fn imap_login(&self, user: &str, password: &str) -> Result<(), String> {
        self.imap(user, password).await.map(drop)
    }

    /// Whether the inbox has a message with exactly this subject.
    pub(crate) async fn has_message(
        &self,
        user: &str,
        password: &str,
        subject: &str,
    ) -> Result<bool, String> {
        let mut talk = self.imap(user, password).await?;
        talk.imap("b", "SELECT INBOX").await?;
        let lines = talk
            .imap("c", "UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            .await?;
        Ok(lines.iter().any(|line| *line == format!("Subject: {subject}")))
    }

    async fn imap(&self, user: &str, password: &str) -> Result<Talk, String> {
        let mut talk = Talk::open(self.address, self.at(self.layout.ports.imap)).await;
        talk.line().await;
        talk.imap("a", &format!(r#"LOGIN "{user}" "{password}""#)).await?;
        Ok(talk)
    }

    /// Logs in by POP3.
    pub(crate) async fn pop3_login(&self, user: &str, password: &str) -> Result<(), String> {
        let mut talk = Talk::open(self.address, self.at(self.layout.ports.pop3)).await;
        talk.line().await;
        for command in [format!("USER {user}"), format!("PASS {password}")] {
            talk.send(&command).await;
            let answer = talk.line().await;
            if !answer.starts_with("+OK") {
                return Err(answer);
            }
        }
        Ok(())
    }

    /// Sends a message as a mail program would: STARTTLS, login, one recipient.
    pub(crate) async fn submit(
        &self,
        user: &str,
        password: &str,
        from: &str,
        to: &str,
        subject: &str,
    ) -> Result<(), String> {
        let server = self.address.to_string();
        let tls = TlsParameters::builder(server.clone())
            .dangerous_accept_invalid_certs(true)
            .build();
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server)
            .port(self.layout.ports.submission)
            .tls(Tls::Required(tls.unwrap()))
            .timeout(Some(PATIENCE))
            .credentials(Credentials::new(user.to_owned(), password.to_owned()))
            .build();
        let message = lettre::Message::builder()
            .from(from.parse().unwrap())
            .to(to.parse().unwrap());
        let message = message.subject(subject).body("hello\n".to_owned()).unwrap();
        transport
            .send(message)
            .await
            .map(drop)
            .map_err(|err| format!("{err} {err:?}"))
    }

    fn at(&self, port: u16) -> SocketAddr {
        SocketAddr::from((self.address, port))
    }
}

/// A conversation in lines.
struct Talk {
    stream: BufReader<TcpStream>,
}

impl Talk {
    /// From `source`: Dovecot takes plain passwords only from its own address, Postfix trusts nobody but that.
    async fn open(source: Ipv4Addr, server: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((source, 0))).unwrap();
        let stream = timeout(PATIENCE, socket.connect(server)).await.unwrap().unwrap();
        Self {
            stream: BufReader::new(stream),
        }
    }

    async fn send(&mut self, line: &str) {
        self.stream
            .write_all(format!("{line}\r\n").as_bytes())
            .await
            .unwrap();
    }

    /// The next line; empty when the server has gone.
    async fn line(&mut self) -> String {
        let mut line = String::new();
        timeout(PATIENCE, self.stream.read_line(&mut line))
            .await
            .unwrap()
            .unwrap();
        line.trim_end().to_owned()
    }

    async fn smtp(&mut self, command: &str) -> Reply {
        self.send(command).await;
        self.reply().await
    }

    async fn reply(&mut self) -> Reply {
        let mut text = String::new();
        loop {
            let line = self.line().await;
            let Some(code) = line.get(..3).and_then(|code| code.parse().ok()) else {
                return Reply {
                    code: 0,
                    text: format!("no reply: {line:?}"),
                };
            };
            text.push_str(line.get(4..).unwrap_or_default());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Reply { code, text };
            }
            text.push(' ');
        }
    }

    /// The untagged lines of a command that succeeded, or what the server said.
    async fn imap(&mut self, tag: &str, command: &str) -> Result<Vec<String>, String> {
        self.send(&format!("{tag} {command}")).await;
        let mut lines = Vec::new();
        loop {
            let line = self.line().await;
            match line.strip_prefix(tag).and_then(|rest| rest.strip_prefix(' ')) {
                Some(rest) if rest.starts_with("OK") => return Ok(lines),
                Some(rest) => return Err(rest.to_owned()),
                None if line.starts_with("* BYE") => return Err(line),
                None if line.is_empty() && lines.len() > 10_000 => {
                    return Err("the server has gone".to_owned());
                }
                None => lines.push(line),
            }
        }
    }
}
