/// Reads an event file of TensorBoard from where it was left, as far as it is written.
///
/// A record is its length, a checksum of the length, the data and a checksum of the data (TFRecord,
/// tensorflow/core/lib/io/record_writer.h); the checksums are CRC32C, rotated and shifted. What
/// follows a record that is damaged cannot be found any more: the file ends there for us, as it does
/// for TensorBoard.
struct TensorBoardFile {
    let path: String
    /// The next record begins here.
    private(set) var offset: Int64 = 0
    private(set) var isDamaged = false

    /// Images and sounds are longer than a scalar: such a record is passed over unread.
    static let longestRead = 1 << 16
    private static let headerSize = 12
    private static let footerSize = 4

    init(path: String) { self.path = path }

    /// Hands over the data of each whole record that is new.
    ///
    /// - Parameter bytes: about as much is read at most.
    mutating func read(upTo bytes: Int64, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard !isDamaged else { return }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            return
        }
        let end = min(Int64(information.st_size), offset + bytes)
        let size = 1 << 20
        withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { buffer in
            while offset < end, !isDamaged {
                let count = pread(descriptor, buffer.baseAddress, size, off_t(offset))
                guard count > 0 else { return }
                let whole = take(UnsafeRawBufferPointer(rebasing: buffer[..<count]), body)
                guard whole > 0 else { return }
                offset += whole
            }
        }
    }

    /// - Returns: how many bytes were whole records, or those of a long one that is passed over.
    private mutating func take(
        _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
    ) -> Int64 {
        var position = 0
        while bytes.count - position >= Self.headerSize {
            let header = UnsafeRawBufferPointer(rebasing: bytes[position..<(position + 8)])
            let length = header.loadUnaligned(as: UInt64.self).littleEndian
            guard Self.masked(header) == Self.word(bytes, at: position + 8), length < 1 << 40 else {
                isDamaged = true
                return Int64(position)
            }
            let whole = Self.headerSize + Int(length) + Self.footerSize
            if length > Self.longestRead { return Int64(position + whole) }
            guard bytes.count - position >= whole else { return Int64(position) }
            let start = position + Self.headerSize
            let data = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + Int(length))])
            guard Self.masked(data) == Self.word(bytes, at: start + Int(length)) else {
                isDamaged = true
                return Int64(position)
            }
            body(data)
            position += whole
        }
        return Int64(position)
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, at place: Int) -> UInt32 {
        bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self).littleEndian
    }

    /// As record_writer.h masks it, so that a checksum of checksums is no weak one.
    static func masked(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(bytes)
        let value = checksum.value
        return ((value >> 15) | (value << 17)) &+ 0xa282_ead8
    }
}
