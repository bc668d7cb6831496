package io.httpaudit.capture;

import io.httpaudit.correlate.Side;
import io.httpaudit.flow.Endpoint;

/**
 * A TCP connection of this process that no hook saw, proven its own by the socket's inode.
 *
 * @param fd a file descriptor of this process that is the socket
 * @param side by whether this process listens on the local port
 */
public record UnhookedConnection(int fd, Side side, Endpoint local, Endpoint peer, long inode) {}
