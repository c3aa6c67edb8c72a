/// The texts that cells refer to by number, one after the other in one buffer.
final class SharedStrings: XMLEventHandler {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    private let limits: XLSXLimits
    private var isText = false
    /// Within the reading of Asian characters, which is no part of the text.
    private var phonetic = 0
    private(set) var failure: XLSXError?

    init(limits: XLSXLimits) { self.limits = limits }

    /// Nil for a number that no text has.
    subscript(_ index: Int) -> ArraySlice<UInt8>? {
        guard ends.indices.contains(index) else { return nil }
        return bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    func start(_ element: String, _ attributes: [String: String]) {
        switch element {
        case "t": isText = phonetic == 0
        case "rPh": phonetic += 1
        default: return
        }
    }

    func text(_ text: UnsafeBufferPointer<UInt8>) {
        guard isText else { return }
        bytes.append(contentsOf: text)
        if bytes.count + ends.count * 8 > limits.sharedBytes {
            failure = XLSXError("the workbook's texts are larger than \(limits.sharedBytes) bytes; save the sheet as CSV and import that")
        }
    }

    func end(_ element: String) {
        switch element {
        case "t": isText = false
        case "rPh": phonetic = max(0, phonetic - 1)
        case "si": ends.append(bytes.count)
        default: return
        }
    }
}
