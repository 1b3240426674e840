/// Ends this process. Here, so that the thin executables need no C library of their own.
package func exitProcess(_ status: Int32) -> Never { exit(status) }
