/// Reads what follows in an open file, piece by piece, to its end.
///
/// - Parameters:
///   - path: for the error alone.
///   - size: of the largest piece, in bytes.
/// - Throws: `Failure` naming the path; what `body` throws.
package func forEachPiece(
    of descriptor: Int32, path: String, upTo size: Int = 1 << 20,
    _ body: (UnsafeRawBufferPointer) throws -> Void
) throws {
    try withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { buffer in
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw systemFailure("cannot read \(quoted(path))") }
            if count == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
