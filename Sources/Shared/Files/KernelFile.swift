/// What the kernel says in a file of /sys or /proc, without white space at its ends; nil where it
/// cannot be read.
package func kernelText(_ path: String) -> String? {
    (try? readFile(path)).map { String(decoding: $0, as: UTF8.self)[...].trimmed }
}
