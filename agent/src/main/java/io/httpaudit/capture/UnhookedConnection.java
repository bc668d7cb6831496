package io.httpaudit.capture;

import io.httpaudit.flow.Endpoint;

/**
 * A TCP connection of this process that no hook saw, proven its own by the socket's inode.
 *
 * @param fd a file descriptor of this process that is the socket
 */
public record UnhookedConnection(int fd, Endpoint local, Endpoint peer, long inode) {}
