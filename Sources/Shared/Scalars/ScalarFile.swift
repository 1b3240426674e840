/// A file that grows, read from where it was left.
package struct ScalarFile: Sendable {
    package let path: String
    package private(set) var offset: Int64
    private var inode: UInt64?

    package init(path: String, from offset: Int64 = 0) {
        self.path = path
        self.offset = offset
    }

    /// Hands over what is new, in pieces.
    ///
    /// - Parameters:
    ///   - bytes: of more new content only the last this many are read.
    ///   - restart: called before the first piece where the file is another one than before.
    package mutating func read(
        upTo bytes: Int64, restart: () -> Void = {}, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            return
        }
        let size = Int64(information.st_size)
        if size < offset || inode.map({ $0 != UInt64(information.st_ino) }) ?? false {
            offset = 0
            restart()
        }
        inode = UInt64(information.st_ino)
        offset = max(offset, size - bytes)
        withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
            while offset < size {
                let wanted = min(buffer.count, Int(size - offset))
                let count = pread(descriptor, buffer.baseAddress, wanted, off_t(offset))
                guard count > 0 else { return }
                offset += Int64(count)
                body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }
}

/// Whole lines out of pieces of a file; one that is longer than a limit is left out.
package struct LineAssembler: Sendable {
    private var rest: [UInt8] = []
    private var isTooLong = false
    private let longest: Int

    package init(longest: Int) { self.longest = longest }

    package mutating func read(_ bytes: UnsafeRawBufferPointer, _ body: (ArraySlice<UInt8>) -> Void)
    {
        var start = 0
        while let end = bytes[start...].firstIndex(of: 0x0A) {
            keep(bytes[start..<end])
            if !isTooLong, !rest.isEmpty { body(rest[...]) }
            rest.removeAll(keepingCapacity: true)
            isTooLong = false
            start = end + 1
        }
        keep(bytes[start...])
    }

    private mutating func keep(_ bytes: Slice<UnsafeRawBufferPointer>) {
        guard !isTooLong, rest.count + bytes.count <= longest else {
            isTooLong = true
            return
        }
        rest.append(contentsOf: bytes)
    }
}
