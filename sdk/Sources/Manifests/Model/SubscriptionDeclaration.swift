/// What a module's code does when records change.
public struct SubscriptionDeclaration: Sendable, Hashable {
    /// The key, unique in its module.
    public let key: String
    /// What it is called.
    public let label: String
    /// What it is for.
    public let description: String?
    /// Patterns of topics, `*` standing for any letters.
    public let topics: [Located<String>]
    /// What is called.
    public let handler: HandlerReference
    /// The condition on events; all without it.
    public let when: ExpressionText?
    /// Keys of fields: updates that change none of them are passed over. All matter when empty.
    public let watch: [Located<String>]
    /// The quiet time after which the last of a record's events is handled.
    public let debounce: DurationLiteral?
    /// Whether an event that can't be handled holds back later ones of its record.
    public let keepsOrder: Bool
    /// Events of one transaction at most.
    public let batch: Int
    /// Where it begins when it is new.
    public let start: SubscriptionStart
    /// How long one call may take; nil for the default, 30 seconds.
    public let deadline: DurationLiteral?
    /// How events are tried again.
    public let retry: RetryDeclaration
    /// What becomes of an event that was tried often enough.
    public let exhausted: ExhaustedAction
    /// Where the key stands.
    public let location: SourceLocation
}

/// A handler that a module's code registers.
public struct HandlerReference: Sendable, Hashable {
    /// The module whose code has it.
    public let module: String
    /// Its name in the module.
    public let name: String
    /// Where it stands, or the subscription's key where it doesn't.
    public let location: SourceLocation
}

/// Where a new subscription begins.
public enum SubscriptionStart: String, Sendable, Hashable {
    /// With the first event after it was made.
    case now
    /// With the oldest event that is kept.
    case beginning
}

/// How events are tried again that couldn't be handled.
public struct RetryDeclaration: Sendable, Hashable {
    /// How often an event is tried, the first time included.
    public let attempts: Int
    /// The pause before the second attempt; nil for the default, 2 seconds. Further pauses double.
    public let first: DurationLiteral?
    /// The longest pause; nil for the default, 10 minutes.
    public let longest: DurationLiteral?
}

/// What becomes of an event that was tried often enough.
public enum ExhaustedAction: String, Sendable, Hashable {
    /// It is put aside for somebody to look at.
    case park
    /// It is passed over.
    case skip
    /// The subscription stops before it.
    case halt
}
