//! A small HTTP server: every request is answered with how many were answered in this life.

use crate::sys::{self, Fd, Poll};
use crate::text::Line;

/// How many connections may be open; one of them is our own.
pub const MOST: usize = 16;
const END_OF_REQUEST: &[u8] = b"\r\n\r\n";

/// One connection. A vacant one has a negative file.
#[derive(Clone, Copy)]
struct Connection {
    fd: Fd,
    /// How much of the end of a request has been read.
    matched: usize,
}

const VACANT: Connection = Connection { fd: -1, matched: 0 };

/// The server with its connections.
pub struct Server {
    port: u16,
    listener: Fd,
    connections: [Connection; MOST],
    /// There shall be a connection to ourselves: idle and open, as those of a real tenant are.
    connected: bool,
    /// That connection.
    own: Fd,
    answered: u64,
}

impl Server {
    pub fn open(port: u16, connected: bool) -> Result<Server, sys::Errno> {
        let listener = sys::listen(port)?;
        Ok(Server { port, listener, connections: [VACANT; MOST], connected, own: -1, answered: 0 })
    }

    /// Opens the connection to ourselves where it is wanted and there is none: a wake may have closed it.
    pub fn keep_connected(&mut self) {
        if self.connected && self.own < 0 {
            self.own = sys::connect(self.port).unwrap_or(-1);
        }
    }

    /// What it waits for: the listener, our own connection, all others.
    pub fn polls(&self) -> [Poll; MOST + 2] {
        let mut polls = [Poll::input(-1); MOST + 2];
        polls[0] = Poll::input(self.listener);
        polls[1] = Poll::input(self.own);
        for (poll, connection) in polls[2..].iter_mut().zip(&self.connections) {
            *poll = Poll::input(connection.fd);
        }
        polls
    }

    /// Does what `polls`, as they came back, say is to be done.
    pub fn serve(&mut self, polls: &[Poll]) {
        for (index, poll) in polls.iter().enumerate().filter(|(_, poll)| poll.seen != 0) {
            match index {
                0 => {}
                1 => {
                    // Nobody sends there: it was closed.
                    sys::close(poll.fd);
                    self.own = -1;
                }
                _ => self.answer(index - 2),
            }
        }
        if polls.first().is_some_and(|poll| poll.seen != 0) {
            self.accept();
        }
    }

    fn accept(&mut self) {
        let Ok(fd) = sys::accept(self.listener) else { return };
        match self.connections.iter_mut().find(|connection| connection.fd < 0) {
            Some(vacant) => *vacant = Connection { fd, matched: 0 },
            None => sys::close(fd),
        }
    }

    /// Reads what came, and answers each request that it ends. Requests with a body are not understood.
    fn answer(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        let mut buffer = [0; 1024];
        let length = match sys::read(connection.fd, &mut buffer) {
            Ok(length) if length > 0 => length,
            Err(sys::EAGAIN) => return,
            _ => {
                sys::close(connection.fd);
                *connection = VACANT;
                return;
            }
        };
        for byte in &buffer[..length] {
            connection.matched = match byte {
                byte if *byte == END_OF_REQUEST[connection.matched] => connection.matched + 1,
                b'\r' => 1,
                _ => 0,
            };
            if connection.matched == END_OF_REQUEST.len() {
                connection.matched = 0;
                self.answered += 1;
                if sys::send(connection.fd, response(self.answered).as_bytes()).is_err() {
                    sys::close(connection.fd);
                    *connection = VACANT;
                    return;
                }
            }
        }
    }
}

fn response(answered: u64) -> Line {
    let mut body = Line::new();
    body.add_number(answered, 1);
    body.add(b"\n");
    let mut whole = Line::new();
    whole.add(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ");
    whole.add_number(body.as_bytes().len() as u64, 1);
    whole.add(b"\r\n\r\n");
    whole.add(body.as_bytes());
    whole
}
