import Testing

/// The whole product as its users meet it: the built program in processes of its own, each test with its own data folder.
@Suite("The product", .serialized)
struct ProductTests {}
