import QueryLanguage
import Synchronization

/// What the database said about tokens lately, so that a request rarely has to ask.
///
/// Bounded in size and in time: a token that is revoked on another node is refused here `lifetime` later at the latest; what this node
/// revokes itself it forgets at once. Wrong tokens are remembered too, for a shorter time, so that a flood of them stops here.
final class TokenCache: Sendable {
    private struct Entry {
        var principal: GUID?
        var goodUntil: ContinuousClock.Instant
    }

    private let entries = Mutex<[TokenDigest: Entry]>([:])
    private let lifetime: Duration
    private let lifetimeOfRefusals: Duration
    private let capacity: Int

    init(lifetime: Duration = .seconds(5), lifetimeOfRefusals: Duration = .seconds(1), capacity: Int = 4_096) {
        self.lifetime = lifetime
        self.lifetimeOfRefusals = lifetimeOfRefusals
        self.capacity = max(1, capacity)
    }

    enum Answer: Hashable {
        case unknown
        case refused
        case principal(GUID)
    }

    func look(up digest: TokenDigest, now: ContinuousClock.Instant) -> Answer {
        entries.withLock { entries in
            guard let entry = entries[digest], entry.goodUntil > now else { return .unknown }
            return entry.principal.map(Answer.principal) ?? .refused
        }
    }

    /// Keeps an answer of the database, but not beyond the token's own end.
    func keep(_ principal: GUID?, for digest: TokenDigest, expiresIn: Duration? = nil, now: ContinuousClock.Instant) {
        let lifetime = min(principal == nil ? lifetimeOfRefusals : lifetime, expiresIn ?? lifetime)
        entries.withLock { entries in
            if entries.count >= capacity, entries[digest] == nil {
                entries = entries.filter { $0.value.goodUntil > now }
                if entries.count >= capacity { entries.removeAll(keepingCapacity: true) }
            }
            entries[digest] = Entry(principal: principal, goodUntil: now + lifetime)
        }
    }

    func forget(_ digest: TokenDigest) {
        _ = entries.withLock { $0.removeValue(forKey: digest) }
    }

    func forgetAll() {
        entries.withLock { $0.removeAll() }
    }
}
