package io.httpaudit.http;

/**
 * The requests of one connection that a response parser needs to know: their methods, and whether they ask for an
 * upgrade. One writer (the request direction), one reader (the response direction), which may be two threads.
 */
public final class Requests {}
