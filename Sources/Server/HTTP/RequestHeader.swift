/// The request headers that the server reads.
enum RequestHeader: String, CaseIterable, Sendable {
    case accept
    case acceptEncoding = "accept-encoding"
    case authorization
    case contentDisposition = "content-disposition"
    case contentEncoding = "content-encoding"
    case contentLength = "content-length"
    case contentType = "content-type"
    case expect
    case host
    case idempotencyKey = "idempotency-key"
    case ifMatch = "if-match"
    case ifNoneMatch = "if-none-match"
    case ifRange = "if-range"
    case lastEventID = "last-event-id"
    case odataMaxVersion = "odata-maxversion"
    case odataVersion = "odata-version"
    case prefer
    case range
    case changeSet = "tessera-change-set"
    case transferEncoding = "transfer-encoding"
    case forwardedHost = "x-forwarded-host"
    case forwardedProto = "x-forwarded-proto"

    /// Which header a name is, in any case; nil for all others.
    init?(name: String) {
        let length = name.utf8.count
        guard length < Self.byLength.count else { return nil }
        for candidate in Self.byLength[length] where Self.equalIgnoringCase(name.utf8, candidate.rawValue.utf8) {
            self = candidate
            return
        }
        return nil
    }

    /// Its bit in a set of headers.
    var bit: UInt32 {
        switch self {
        case .accept: 1
        case .acceptEncoding: 1 << 1
        case .authorization: 1 << 2
        case .contentEncoding: 1 << 3
        case .contentLength: 1 << 4
        case .contentType: 1 << 5
        case .expect: 1 << 6
        case .host: 1 << 7
        case .ifMatch: 1 << 8
        case .ifNoneMatch: 1 << 9
        case .odataMaxVersion: 1 << 10
        case .odataVersion: 1 << 11
        case .prefer: 1 << 12
        case .transferEncoding: 1 << 13
        case .forwardedHost: 1 << 14
        case .forwardedProto: 1 << 15
        case .contentDisposition: 1 << 16
        case .ifRange: 1 << 17
        case .range: 1 << 18
        case .changeSet: 1 << 19
        case .lastEventID: 1 << 20
        case .idempotencyKey: 1 << 21
        }
    }

    private static let byLength: [[RequestHeader]] = {
        let longest = allCases.map(\.rawValue.utf8.count).max() ?? 0
        return (0...longest).map { length in allCases.filter { $0.rawValue.utf8.count == length } }
    }()

    static func equalIgnoringCase(_ left: String.UTF8View, _ lowercased: String.UTF8View) -> Bool {
        guard left.count == lowercased.count else { return false }
        for (one, other) in zip(left, lowercased) {
            guard one == other || (one &- 65 < 26 && one | 0x20 == other) else { return false }
        }
        return true
    }
}
