// A function for Node.js that is an ES module.
const greeting = await Promise.resolve("Hello");

export const greet = async (event) => `${greeting}, ${event.who}!`;
