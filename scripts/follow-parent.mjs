// Loaded into the application by start.mjs: should start.mjs vanish without a word (kill -9), the channel between the
// two closes and the application stops as if told so, instead of running on unseen.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
