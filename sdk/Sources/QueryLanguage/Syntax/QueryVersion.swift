/// The OData version that a client speaks, as far as it changes how a query is read.
public enum QueryVersion: Sendable, Hashable {
    /// OData 4.0: system options need their `$`, and words their lower case. Names without `$` are custom options.
    case v40
    /// OData 4.01: the `$` may be left out, words are read in any case.
    case v401

    var ignoresCase: Bool { self == .v401 }
}
