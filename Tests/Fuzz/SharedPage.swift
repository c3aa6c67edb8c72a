import Glibc

/// Memory that child and parent share, so that the parent has the input that ended the child.
///
/// Eight words (runs, length of the input, kept inputs, findings, three unused, magic), then the input.
struct SharedPage {
    enum Word: Int {
        case runs, length, kept, findings
    }

    static let capacity = 4 << 20
    private static let header = 64

    // SAFETY: one process writes, the other reads words that it writes whole; the mapping lives as long as the process.
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer

    /// Maps the file, made when missing.
    init?(path: String) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(Self.header + Self.capacity)) == 0 else { return nil }
        // SAFETY: the file has this length, and mmap's failure value is checked before use.
        let mapped = unsafe mmap(nil, Self.header + Self.capacity, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { return nil }
        unsafe base = mapped
    }

    subscript(word: Word) -> UInt64 {
        // SAFETY: the words lie in the header, aligned to eight.
        get { unsafe base.load(fromByteOffset: word.rawValue * 8, as: UInt64.self) }
        nonmutating set { unsafe base.storeBytes(of: newValue, toByteOffset: word.rawValue * 8, as: UInt64.self) }
    }

    var input: [UInt8] {
        get {
            let length = min(Int(self[.length]), Self.capacity)
            // SAFETY: the length is bounded by the mapping.
            return unsafe Array(UnsafeRawBufferPointer(start: base + Self.header, count: length))
        }
        nonmutating set {
            let length = min(newValue.count, Self.capacity)
            // SAFETY: the length is bounded by the mapping and by the array.
            unsafe newValue.withUnsafeBytes { bytes in
                if let start = bytes.baseAddress { unsafe memcpy(base + Self.header, start, length) }
            }
            self[.length] = UInt64(length)
        }
    }

    func clear() {
        for word in [Word.runs, .length, .kept, .findings] { self[word] = 0 }
    }
}
